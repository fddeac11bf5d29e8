-- fail: The parts of a team's change add up to the difference between the periods.
select team, instrument_id, role, domain, element, scale, period_after
from quality.change
where abs(by_therapists + by_severity + by_who_was_rated - difference) > 1e-6
    or abs(mean_after - mean_before - difference) > 1e-6
