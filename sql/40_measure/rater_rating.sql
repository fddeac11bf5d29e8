-- measure.rater_rating: the observers' ratings in the window, numbered for the comparison of raters.
-- grain: one row per rating_id
-- reads: current.rating, measure.session
-- why:   reliability rests on individual observers' ratings as they stood, never on consensus, self or supervisor. Sessions that
--        several therapists led take part: raters can agree about a pair of therapists. Where no patient is told, each session
--        counts as one of its own. A rating belongs to the quarter in which it was made, as far as known: drift is the
--        rater's, not the session's.
with
ratings as (
    select
        rating.*,
        array_to_string(list_sort(rating.therapist_ids), '+') as therapists,
        session.patient_id as patient,
        coalesce(rating.rated_on, session.session_on) as made_on
    from current.rating as rating
    inner join measure.session as session using (session_id)
    where role = 'observer' and session.in_window
),
named as (
    select *, concat(therapists, '/', coalesce(patient, 'session ' || session_id)) as case_name
    from ratings
)
select
    rating_id::varchar     as rating_id,      -- rating
    instrument_id::varchar as instrument_id,  -- instrument
    role::varchar          as role,           -- role of the rater: observer
    rater_id::varchar      as rater_id,       -- who rated it
    (dense_rank() over (partition by instrument_id order by session_id))::bigint as session,  -- number of the session in the instrument
    (dense_rank() over (partition by instrument_id order by rater_id))::bigint as rater,  -- number of the rater
    (dense_rank() over (partition by instrument_id order by therapists))::bigint as therapist,  -- number of the therapist, or of those who led together
    (dense_rank() over (partition by instrument_id order by case_name))::bigint as patient,  -- number of the patient of that therapist
    (year(made_on) || '-Q' || quarter(made_on))::varchar as period,  -- quarter in which the rating was made; null where no sheet says
    hash(session_id, rater_id, therapists, case_name, made_on)::ubigint as fingerprint  -- of everything here that a figure rests on
from named
