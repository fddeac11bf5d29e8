-- quality.set_aside: observers' ratings that came, or were rated, after a consensus had settled them, and so do not count.
-- grain: one row per session_id, rater_id, instrument_id
-- reads: current.latest, current.rating, current.session, current.settled, history.rating
-- why:   who has agreed a consensus is not independent any more, so means and reliability rest on what she said before. What she
--        sent afterwards is kept and told here, so that nothing is lost unseen. A version that says what counts is not told.
with
settled as (
    select session_id, instrument_id, rater_id, min(settled_at) as settled_at, min(agreed_on) as agreed_on
    from current.settled
    group by session_id, instrument_id, rater_id
),
versions as (
    select latest.*, rating.values_hash
    from current.latest as latest
    inner join (select rating_id, values_hash from history.rating) as rating using (rating_id)
    where latest.role = 'observer'
)
select
    versions.session_id::varchar    as session_id,     -- the rated session (or case)
    session.session_on::date        as session_on,     -- its date; null when no sheet says
    versions.rater_id::varchar      as rater_id,       -- who rated it
    versions.role::varchar          as role,           -- role of the rater: observer
    versions.instrument_id::varchar as instrument_id,  -- instrument
    settled.settled_at::timestamp   as settled_at,     -- UTC; when the consensus was first seen
    settled.agreed_on::date         as agreed_on,      -- when it was agreed; null when no sheet says
    versions.received_at::timestamp as received_at,    -- UTC; when the version that does not count was first seen
    versions.rated_on::date         as rated_on,       -- when it was rated; null when the sheet does not say
    versions.workbook::varchar      as workbook,       -- its workbook
    versions.sheet::varchar         as sheet,          -- its worksheet
    versions.cell::varchar          as cell,           -- its first cell
    counting.workbook::varchar      as counts_workbook, -- workbook of the version that counts; null: none came before the consensus
    counting.sheet::varchar         as counts_sheet,   -- its worksheet
    counting.cell::varchar          as counts_cell     -- its first cell
from versions
inner join settled using (session_id, instrument_id, rater_id)
left join current.rating as counting
    on counting.session_id = versions.session_id
    and counting.instrument_id = versions.instrument_id
    and counting.rater_id = versions.rater_id
    and counting.role = 'observer'
left join current.session as session on session.session_id = versions.session_id
where counting.rating_id is distinct from versions.rating_id
order by versions.received_at, versions.session_id, versions.instrument_id, versions.rater_id
