-- fail: Every supervision table has one row per what its header says.
select 'therapist_element' as table_name, concat_ws(' ', therapist_id, instrument_id, role, element, scale) as key
from supervision.therapist_element
group by all
having count(*) > 1
union all
select 'therapist_domain', concat_ws(' ', therapist_id, instrument_id, role, domain, scale)
from supervision.therapist_domain
group by therapist_id, instrument_id, role, domain, scale
having count(*) > 1
union all
select 'session_element', concat_ws(' ', session_id, instrument_id, role, element, scale)
from supervision.session_element
group by session_id, instrument_id, role, element, scale
having count(*) > 1
union all
select 'session_feedback', concat_ws(' ', session_id, instrument_id, element, scale)
from supervision.session_feedback
group by session_id, instrument_id, element, scale
having count(*) > 1
union all
select 'consensus', concat_ws(' ', session_id, instrument_id, rater_id)
from supervision.consensus
group by session_id, instrument_id, rater_id
having count(*) > 1
union all
select 'session_therapist', concat_ws(' ', session_id, therapist_id)
from supervision.session_therapist
group by all
having count(*) > 1
union all
select 'item_element', concat_ws(' ', instrument_id, instrument_version, item, element)
from supervision.item_element
group by all
having count(*) > 1
union all
select 'therapist_chart', concat_ws(' ', therapist_id, instrument_id, role, domain, element, scale, session_id)
from supervision.therapist_chart
group by therapist_id, instrument_id, role, domain, element, scale, session_id
having count(*) > 1
union all
select 'focus', concat_ws(' ', therapist_id, kind, element)
from supervision.focus
group by therapist_id, kind, element
having count(*) > 1
union all
-- session_item is current.score beside current.rating: its key is theirs
select 'session_item', concat_ws(' ', session_id, rater_id, role, instrument_id)
from current.rating
group by session_id, rater_id, role, instrument_id
having count(*) > 1
union all
select 'session_item', concat_ws(' ', rating_id, item, scale)
from current.score
group by rating_id, item, scale
having count(*) > 1
