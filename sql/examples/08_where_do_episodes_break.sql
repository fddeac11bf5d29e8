-- question: Where does the order of steps come to its end in my therapists' sessions?
select
    therapist_id,
    basis,
    coalesce(element.title, 'every step reached') as step,
    breaks || ' of ' || episodes as episodes,
    round(100 * breaks_low)::integer || ' to ' || round(100 * breaks_high)::integer || ' %' as interval,
    if(is_experimental, 'experimental: raters are not yet known to agree', '') as remark
from supervision.trajectory_therapist
left join about.element on element.instrument_id = trajectory_therapist.instrument_id and element = breaks_at
where role = 'observer'
order by therapist_id, trajectory_therapist.instrument_id, basis desc, trajectory_therapist.position;
