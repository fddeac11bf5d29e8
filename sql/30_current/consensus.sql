-- current.consensus: each consensus after corrections: what it settles, who signed it off, and how far it has come.
-- grain: one row per session_id, instrument_id, written_by
-- reads: current.latest, current.settled, history.event, history.rating
-- why:   a signature stands under values: any copy of the form that says the same and is signed signs them, and changed values wait
--        for another signature. Of several consensuses on one session, the one that came last stands.
with
written as (
    select latest.*, rating.values_hash, rating.settles
    from current.latest as latest
    inner join history.rating as rating on rating.rating_id = latest.rating_id
    where latest.role = 'consensus'
),
copies as (
    select written.rating_id, copy.rating_id as copy_id, copy.received_at, copy.signed_by, copy.signed_on, copy.workbook
    from written
    inner join history.rating as copy
        on copy.session_id = written.session_id
        and copy.rater_id = written.rater_id
        and copy.role = written.role
        and copy.instrument_id = written.instrument_id
        and copy.values_hash = written.values_hash
    where copy.is_valid
        and (
            copy.verdict in ('accepted', 'duplicate')
            or copy.rating_id in (select rating_id from history.event where event = 'released')
        )
        and copy.rating_id not in (select rating_id from history.event where event = 'withdrawn')
),
settled as (
    select
        written.rating_id,
        list(settled.rater_id order by settled.rater_id) as raters,
        list(settled.rater_id order by settled.rater_id) filter (observers.rating_id is null) as absent
    from written
    inner join current.settled as settled
        on settled.session_id = written.session_id
        and settled.instrument_id = written.instrument_id
        and settled.written_by = written.rater_id
        and settled.values_hash = written.values_hash
    left join current.latest as observers
        on observers.session_id = settled.session_id
        and observers.instrument_id = settled.instrument_id
        and observers.rater_id = settled.rater_id
        and observers.role = 'observer'
    group by written.rating_id
),
signed as (
    select copies.rating_id, copies.signed_by, copies.signed_on, copies.workbook
    from copies
    left join settled on settled.rating_id = copies.rating_id
    where copies.signed_by is not null
        and copies.signed_on is not null
        and not coalesce(list_contains(settled.raters, copies.signed_by), false)
    qualify row_number() over (
        partition by copies.rating_id
        order by copies.received_at, copies.workbook, copies.copy_id
    ) = 1
),
seen as (
    select rating_id, min(received_at) as first_seen_at from copies group by rating_id
),
told as (
    select
        written.*,
        coalesce(settled.raters, []) as raters,
        coalesce(settled.absent, []) as absent,
        seen.first_seen_at,
        signed.signed_by as signer,
        signed.signed_on as signed_day,
        signed.workbook as signed_workbook,
        row_number() over (
            partition by written.session_id, written.instrument_id
            order by seen.first_seen_at desc, written.rated_on desc nulls last, written.rater_id
        ) = 1 as is_last
    from written
    inner join seen on seen.rating_id = written.rating_id
    left join settled on settled.rating_id = written.rating_id
    left join signed on signed.rating_id = written.rating_id
)
select
    rating_id::varchar        as rating_id,       -- the consensus, as a rating
    session_id::varchar       as session_id,      -- the rated session
    instrument_id::varchar    as instrument_id,   -- instrument
    rater_id::varchar         as written_by,      -- who wrote it down: its rater_id
    (coalesce(len(settles), 0) > 0)::boolean as names_raters, -- true: it names whose ratings it settles
    raters::varchar[]         as settles,         -- observers whose ratings it settles, sorted
    absent::varchar[]         as absent,          -- of these, those without a rating that is there
    rated_on::date            as agreed_on,       -- when it was agreed; null when the sheet does not say
    first_seen_at::timestamp  as since,           -- UTC; when what it says was first seen
    signer::varchar           as signed_by,       -- supervisor who signed what it says; null: nobody yet
    signed_day::date          as signed_on,       -- when; null: nobody yet
    signed_workbook::varchar  as signed_workbook, -- workbook that the signature stands in; null: nobody yet
    (case
        when not is_last then 'superseded'
        when len(raters) < 2 or len(absent) > 0 then 'waits_for_ratings'
        when signer is null then 'waits_for_signature'
        else 'signed'
    end)::varchar             as standing         -- how far it has come
from told
