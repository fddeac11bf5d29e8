-- question: Which sessions did two raters see differently by two points or more?
select session_id, session_on, instrument_id, element, scale, n_raters, lowest, highest, highest - lowest as apart
from supervision.session_element
where role = 'observer' and highest - lowest >= 2
order by apart desc, session_on desc nulls last, session_id, instrument_id, element, scale;
