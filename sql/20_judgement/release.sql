-- judgement.release: valid ratings that waited since an earlier night and count from tonight on.
-- grain: one row per rating_id
-- reads: judgement.candidate, judgement.dispute, judgement.top, judgement.version, history.event
-- why:   a dispute about a session ends when its ratings agree; the rating that waited is then taken in as it stands.
select
    candidate.rating_id::varchar as rating_id  -- the rating
from judgement.candidate as candidate
join judgement.version as version on version.rating_id = candidate.rating_id
join judgement.top as top on top.rating_id = candidate.rating_id
where not version.is_new
    and version.verdict = 'held'
    and candidate.rating_id not in (select dispute.rating_id from judgement.dispute as dispute)
    and candidate.rating_id not in (select event.rating_id from history.event as event where event.event = 'released')
