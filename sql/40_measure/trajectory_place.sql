-- measure.trajectory_place: for each episode, whether each step that was expected came, and came in its place.
-- grain: one row per rating_id, basis, episode, element
-- reads: current.rating, measure.rating_element, measure.trajectory_event, measure.trajectory_order
-- why:   the first time counts when a step comes twice, and the order of lines where minutes are equal or absent. A step of which
--        its rater says that nothing called for it is not expected of that session, unless the timeline notes it. Without a
--        timeline the scores say which steps were reached, and nothing of their order; then the session is one episode,
--        numbered 0. Steps of another instrument, told by a crosswalk, are not judged by scores. docs/decisions/trajectory.md
with
ratings as (select rating_id, instrument_id, instrument_version as version from current.rating),
kept as (select distinct rating_id from measure.trajectory_event),
told as (
    select rating_id, element, bool_or(state = 'no_opportunity') and not bool_or(state = 'rated') as is_uncalled
    from measure.rating_element
    where element in (select element from measure.trajectory_order)
    group by rating_id, element
),
noted as (select distinct rating_id, step as element from measure.trajectory_event where step is not null),
expected as (
    select
        ratings.rating_id,
        steps.element,
        steps.scale,
        kept.rating_id is not null as has_timeline,
        row_number() over (partition by ratings.rating_id order by steps.position) as place,
        count(*) over (partition by ratings.rating_id) as n_expected,
        bool_or(steps.is_covered and steps.is_own) over (partition by ratings.rating_id) as can_be_scored
    from ratings
    inner join measure.trajectory_order as steps using (instrument_id, version)
    left join kept on kept.rating_id = ratings.rating_id
    left join told on told.rating_id = ratings.rating_id and told.element = steps.element
    left join noted on noted.rating_id = ratings.rating_id and noted.element = steps.element
    where not coalesce(told.is_uncalled, false) or noted.element is not null
),
episodes as (
    select rating_id, episode, count(step) as n_noted
    from measure.trajectory_event
    group by rating_id, episode
),
firsts as (
    select rating_id, episode, step as element, min(line) as first_line
    from measure.trajectory_event
    where step is not null
    group by rating_id, episode, step
),
by_timeline as (
    select
        expected.rating_id,
        'timeline' as basis,
        episodes.episode,
        expected.element,
        expected.place,
        expected.n_expected,
        firsts.first_line,
        case
            when episodes.n_noted = 0 then 'unknown'
            when firsts.first_line is null then 'missing'
            when expected.place = 1 then null
            when firsts.first_line < lag(firsts.first_line) over in_place then 'early'
        end as broken
    from expected
    inner join episodes on episodes.rating_id = expected.rating_id
    left join firsts
        on firsts.rating_id = expected.rating_id
        and firsts.episode = episodes.episode
        and firsts.element = expected.element
    window in_place as (partition by expected.rating_id, episodes.episode order by expected.place)
),
by_scores as (
    select
        expected.rating_id,
        'scores' as basis,
        0 as episode,
        expected.element,
        expected.place,
        expected.n_expected,
        null::integer as first_line,
        case
            when score.value >= score.threshold then null
            when score.value < score.threshold then 'below'
            else 'unknown'
        end as broken
    from expected
    left join measure.rating_element as score
        on score.rating_id = expected.rating_id
        and score.element = expected.element
        and score.scale = expected.scale
    where not expected.has_timeline and expected.can_be_scored
),
places as (
    select * from by_timeline
    union all by name
    select * from by_scores
)
select
    rating_id::varchar    as rating_id,   -- rating
    basis::varchar        as basis,       -- timeline or scores (reference.code, list basis)
    episode::integer      as episode,     -- run through the steps; 0 where the scores stand for the session
    element::varchar      as element,     -- the step
    place::integer        as place,       -- its place among the steps expected of this rating's session
    n_expected::integer   as n_expected,  -- how many steps that is
    first_line::integer   as first_line,  -- line of the timeline that notes it first in the episode; null when none does
    broken::varchar       as broken       -- why it does not go on from the step before; null when it does (reference.code, list break_kind)
from places
