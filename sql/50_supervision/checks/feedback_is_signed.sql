-- fail: Feedback shows a consensus when, and only when, it is the standing one of its session and signed; else the observers.
select feedback.session_id, feedback.instrument_id, feedback.element, feedback.scale
from supervision.session_feedback as feedback
left join (select session_id, instrument_id, signed_on from supervision.consensus where consensus = 'signed') as signed
    using (session_id, instrument_id)
where (feedback.role = 'consensus') <> (signed.session_id is not null)
    or (feedback.signed_by is not null) <> (feedback.role = 'consensus')
union all
select session_id, instrument_id, rater_id, null
from supervision.consensus
where (consensus = 'signed' and (signed_by is null or signed_on is null or absent_raters is not null))
    or list_contains(string_split(settles, '; '), signed_by)
    or signed_by = rater_id
