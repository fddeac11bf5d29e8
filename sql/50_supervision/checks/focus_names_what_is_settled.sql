-- fail: What is named is settled, at most two of a kind, and at most one in ten of what is named to work on may be good enough.
select focus.therapist_id, kind, focus.element, focus.scale
from supervision.focus
left join supervision.therapist_element as told using (therapist_id, instrument_id, role, element, scale)
where told.status is distinct from if(kind = 'work_on', 'below', 'strength') or position > 2
union all
select therapist_id, kind, null, null
from supervision.focus
where kind = 'work_on'
group by therapist_id, kind
having avg(p_adequate) > 0.10
