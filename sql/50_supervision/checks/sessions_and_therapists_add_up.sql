-- fail: A therapist's counts per state are the sums of her sessions in the window. (Self-ratings go to the one who made them.)
with
sessions as (
    select
        therapist_id,
        instrument_id,
        role,
        element,
        scale,
        count(mean) as n_sessions,
        sum(n_rated) as n_rated,
        sum(n_no_opportunity) as n_no_opportunity,
        sum(n_unjudgeable) as n_unjudgeable,
        sum(n_not_delivered) as n_not_delivered,
        sum(n_missing) as n_missing
    from supervision.session_element
    inner join supervision.session_therapist using (session_id)
    where in_window and role <> 'self'
    group by therapist_id, instrument_id, role, element, scale
)
select therapist_id, instrument_id, role, element, scale
from supervision.therapist_element as told
full join sessions using (therapist_id, instrument_id, role, element, scale)
where role <> 'self'
    and (
        told.therapist_id is null
        or told.n_sessions <> coalesce(sessions.n_sessions, 0)
        or told.n_rated <> coalesce(sessions.n_rated, 0)
        or told.n_no_opportunity <> coalesce(sessions.n_no_opportunity, 0)
        or told.n_unjudgeable <> coalesce(sessions.n_unjudgeable, 0)
        or told.n_not_delivered <> coalesce(sessions.n_not_delivered, 0)
        or told.n_missing <> coalesce(sessions.n_missing, 0)
    )
