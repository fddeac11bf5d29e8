-- fail: Where a therapist's episodes break adds up to all of them; a step is reached no more often than it had an opportunity; and shares lie in their intervals.
with
sums as (
    select therapist_id, instrument_id, role, basis, any_value(episodes) as episodes, sum(breaks) as breaks
    from supervision.trajectory_therapist
    group by therapist_id, instrument_id, role, basis
)
select therapist_id, instrument_id, role, basis, 'sum' as breaks_at
from sums
where abs(episodes - breaks) > 1e-6
union all
select therapist_id, instrument_id, role, basis, breaks_at
from supervision.trajectory_therapist
where reached > opportunities + 1e-6
    or not share_breaks between breaks_low - 1e-9 and breaks_high + 1e-9
    or not share_reached between reached_low - 1e-9 and reached_high + 1e-9
