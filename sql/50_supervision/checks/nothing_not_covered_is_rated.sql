-- fail: An element that is not covered has no rating, and a share lies within its interval.
select therapist_id, instrument_id, role, element, scale
from supervision.therapist_element
where (status = 'not_covered' and n_rated + n_no_opportunity + n_unjudgeable + n_not_delivered + n_missing > 0)
    or (n_sessions = 0) <> (raw_mean is null)
    or not share_adequate between share_low and share_high
