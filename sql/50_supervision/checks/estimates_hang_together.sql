-- fail: An estimate rests on a session and lies within its interval, an interval has both ends, and a status of substance has a reliable estimate behind it.
select therapist_id, instrument_id, role, element, scale
from supervision.therapist_element
where estimate not between low and high
    or (estimate is not null and n_sessions = 0)
    or (low is null) <> (high is null)
    or (low is not null and estimate is null)
    or (status in ('strength', 'adequate', 'below', 'uncertain') and (p_adequate is null or reliability is null))
