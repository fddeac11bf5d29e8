-- measure.rating_therapist: whose work a rating speaks about.
-- grain: one row per rating_id, therapist_id
-- reads: current.rating
-- why:   each therapist of a session gets the session; but a self-rating is about the one who made it, and must not
--        count for, or be shown to the supervisor of, the colleague who led the session with her.
with
named as (
    select rating_id, role, rater_id, therapist_ids, unnest(therapist_ids) as therapist_id
    from current.rating
)
select
    rating_id::varchar    as rating_id,    -- rating
    therapist_id::varchar as therapist_id  -- therapist it speaks about
from named
where role <> 'self' or rater_id = therapist_id or not list_contains(therapist_ids, rater_id)
