-- fail: Every step that a timeline notes is a step of its rating's instrument version.
select event.rating_id, event.line
from measure.trajectory_event as event
inner join current.rating using (rating_id)
left join measure.trajectory_order as steps
    on steps.instrument_id = rating.instrument_id
    and steps.version = rating.instrument_version
    and steps.element = event.step
where event.step is not null and steps.element is null
