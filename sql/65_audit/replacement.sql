-- current.replacement: each time that one rating took the place of another, or that none was left.
-- grain: one row per session_id, rater_id, role, instrument_id, night_id
-- reads: history.event, history.rating
-- why:   which rating counted after each night is told by the rule of current.rating, over what was known by then. Copies that
--        say the same with the same revision and rated-on date are one version here, so that a table sent every night for
--        years is not compared with itself. A rating that was never more than one version was never replaced.
with
withdrawn as (
    select rating_id, min(night_id) as until_night_id from history.event where event = 'withdrawn' group by rating_id
),
released as (
    select rating_id, min(night_id) as night_id from history.event where event = 'released' group by rating_id
),
ratings as (
    select
        rating.* exclude (night_id),
        md5(concat_ws('|', rating.session_id, rating.rater_id, rating.role, rating.instrument_id)) as rating_key,
        if(rating.verdict = 'held', released.night_id, rating.night_id) as from_night_id,
        withdrawn.until_night_id,
        (rating.verdict = 'accepted' or released.night_id is not null) as may_count
    from history.rating as rating
    left join withdrawn on withdrawn.rating_id = rating.rating_id
    left join released on released.rating_id = rating.rating_id
    where rating.is_valid
        and (rating.verdict in ('accepted', 'duplicate') or released.night_id is not null)
),
several as (
    select *
    from ratings
    window of_key as (partition by rating_key)
    qualify min(values_hash) over of_key <> max(values_hash) over of_key or max(until_night_id) over of_key is not null
),
standing as (
    select rating_key, values_hash, until_night_id, min(from_night_id) as from_night_id
    from several
    where may_count
    group by rating_key, values_hash, until_night_id
),
versions as (
    select
        several.rating_key,
        several.values_hash,
        several.revision,
        several.rated_on,
        several.until_night_id,
        greatest(min(several.from_night_id), any_value(standing.from_night_id)) as from_night_id,
        min(several.received_at) as first_seen_at
    from several
    join standing
        on standing.rating_key = several.rating_key
        and standing.values_hash = several.values_hash
        and standing.until_night_id is not distinct from several.until_night_id
    group by several.rating_key, several.values_hash, several.revision, several.rated_on, several.until_night_id
),
moments as (
    select rating_key, from_night_id as night_id from versions
    union
    select rating_key, until_night_id from versions where until_night_id is not null
),
last_versions as (
    select moments.rating_key, moments.night_id, versions.values_hash, versions.revision, versions.rated_on
    from moments
    left join versions
        on versions.rating_key = moments.rating_key
        and versions.from_night_id <= moments.night_id
        and coalesce(versions.until_night_id, moments.night_id + 1) > moments.night_id
    qualify row_number() over (
        partition by moments.rating_key, moments.night_id
        order by
            versions.revision desc nulls last, versions.rated_on desc nulls last,
            versions.first_seen_at desc nulls last, versions.values_hash
    ) = 1
),
turns as (
    select last_versions.*, several.rating_id
    from last_versions
    left join several
        on several.rating_key = last_versions.rating_key
        and several.values_hash = last_versions.values_hash
        and several.may_count
        and several.from_night_id <= last_versions.night_id
        and coalesce(several.until_night_id, last_versions.night_id + 1) > last_versions.night_id
    qualify row_number() over (
        partition by last_versions.rating_key, last_versions.night_id
        order by several.received_at, several.workbook, several.rating_id
    ) = 1
),
replacements as (
    select
        *,
        lag(rating_id) over by_night as old_rating_id,
        lag(revision) over by_night as old_revision,
        lag(rated_on) over by_night as old_rated_on
    from turns
    window by_night as (partition by rating_key order by night_id)
    qualify lag(night_id) over by_night is not null and values_hash is distinct from lag(values_hash) over by_night
),
-- what happened to the ratings of a key in a night, and when the last of its sheets came
happened as (
    select several.rating_key, event.night_id, event.rating_id, event.event, event.event_at, event.why
    from several
    join history.event as event on event.rating_id = several.rating_id
),
arrived as (
    select rating_key, from_night_id as night_id, max(received_at) as received_at from several group by all
),
told as (
    select
        replacements.*,
        withdrawal.event_at as withdrawn_at,
        withdrawal.why as withdrawn_why,
        release.event_at as released_at,
        release.why as released_why,
        arrived.received_at
    from replacements
    left join (
        select rating_key, night_id, max(event_at) as event_at, arg_min(why, rating_id) as why
        from happened
        where event = 'withdrawn'
        group by all
    ) as withdrawal
        on withdrawal.rating_key = replacements.rating_key
        and withdrawal.night_id = replacements.night_id
        and replacements.rating_id is null
    left join happened as release
        on release.rating_key = replacements.rating_key
        and release.night_id = replacements.night_id
        and release.rating_id = replacements.rating_id
        and release.event = 'released'
    left join arrived
        on arrived.rating_key = replacements.rating_key
        and arrived.night_id = replacements.night_id
),
named as (
    select
        told.*,
        rating.session_id,
        rating.rater_id,
        rating.role,
        rating.instrument_id
    from told
    join history.rating as rating on rating.rating_id = coalesce(told.rating_id, told.old_rating_id)
)
select
    session_id::varchar    as session_id,     -- the rated session
    rater_id::varchar      as rater_id,       -- who rated it
    role::varchar          as role,           -- as whom
    instrument_id::varchar as instrument_id,  -- with what
    night_id::bigint       as night_id,       -- night that replaced it
    old_rating_id::varchar as old_rating_id,  -- rating that counted until then; null when none did, after a withdrawal
    rating_id::varchar     as new_rating_id,  -- rating that counts from then on; null when none is left
    coalesce(withdrawn_at, released_at, received_at)::timestamp as changed_at, -- UTC; when what replaced it came or was said
    (case
        when rating_id is null then 'withdrawn'
        when released_at is not null then 'released'
        when old_rating_id is null then 'sent_anew'
        else 'corrected'
    end)::varchar          as cause,          -- what replaced it
    (case
        when rating_id is null then withdrawn_why
        when released_at is not null then released_why
        when old_rating_id is null then 'a form sent after the withdrawal'
        when revision is distinct from old_revision and revision is not null then 'a form with revision ' || revision
        when rated_on is distinct from old_rated_on and rated_on is not null then 'a form rated on ' || rated_on
        else 'a form that came later'
    end)::varchar          as why             -- the reason, in words
from named
