-- fail: The facets of a model have one row each, their shares add up to one, and the residual's levels are the ratings that are modelled.
with
modelled as (
    select instrument_id, role, element, scale, count(*) as n
    from measure.observation
    group by instrument_id, role, element, scale
)
select instrument_id, role, element, scale
from quality.variance_component
inner join modelled using (instrument_id, role, element, scale)
group by instrument_id, role, element, scale
having count(*) <> count(distinct facet) or abs(sum(share) - 1) > 1e-9 or arg_max(n_levels, position) <> any_value(n)
