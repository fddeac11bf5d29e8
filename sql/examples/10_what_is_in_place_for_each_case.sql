-- question: What is in place for each case, by which session, and since when?
select
    case_id,
    assessment_point as month,
    item,
    max(coalesce(said, state)) filter (scale = 'in_place') as in_place,
    max(said) filter (scale = 'by_session') as by_session,
    max(said) filter (scale = 'since') as since
from supervision.session_fact
where case_id is not null and role = 'observer'
group by case_id, assessment_point, rater_id, item
order by case_id, month, item;
