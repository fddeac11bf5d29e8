-- fail: Every session that waits for a consensus or a signature is counted in quality.coverage, once for each of its therapists.
with
waiting as (
    select
        therapist_id,
        count(distinct session_id) filter (waits_for <> 'signature') as for_consensus,
        count(distinct session_id) filter (waits_for = 'signature') as for_signature
    from quality.waiting_session
    group by therapist_id
),
covered as (
    select therapist_id, sum(waits_for_consensus) as for_consensus, sum(waits_for_signature) as for_signature
    from quality.coverage
    group by therapist_id
)
select therapist_id
from covered
full join waiting using (therapist_id)
where coalesce(covered.for_consensus, 0) < coalesce(waiting.for_consensus, 0)
    or coalesce(covered.for_signature, 0) < coalesce(waiting.for_signature, 0)
