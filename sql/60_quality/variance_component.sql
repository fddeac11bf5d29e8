-- quality.variance_component: how much of the variance of one rating lies between therapists, patients, sessions, raters, and in what is left.
-- grain: one row per instrument_id, role, element, scale, facet
-- reads: measure.element, measure.fit, measure.fit_component
-- why:   facets that the design cannot tell apart are fitted as one and named by both. Estimates are restricted maximum
--        likelihood (REML), those of lme4, and stand here unrounded, so that they can be held against another program's. Where several
--        therapists led sessions, the therapists' variance is that of one of them (docs/decisions/numbers.md).
select
    fit.instrument_id::varchar         as instrument_id,  -- instrument
    fit.role::varchar                  as role,           -- role of the raters: observer
    element.domain::varchar            as domain,         -- domain of the element
    fit.name::varchar                  as element,        -- element
    fit.scale::varchar                 as scale,          -- scale
    fit_component.facet::varchar       as facet,          -- facet; facets that cannot be told apart are joined by +
    fit_component.variance::double     as variance,       -- its variance, in squared points of the scale
    fit_component.share::double        as share,          -- its share of the variance of one rating of a session led alone; null when all ratings are equal
    fit_component.n_levels::integer    as n_levels,       -- how many of them were rated; for the residual, how many ratings
    fit_component.position::integer    as position,       -- place among the facets
    fit.mean::double                   as mean,           -- the model's mean, over therapists, patients, sessions and raters such as these
    fit.mean_se::double                as mean_se,        -- its standard error, variances taken as known
    fit.note::varchar                  as note            -- what is to be known about the model (about.code, list model_note); null when nothing is
from measure.fit as fit
inner join measure.fit_component as fit_component using (fit_id)
inner join measure.element as element
    on element.instrument_id = fit.instrument_id and element.element = fit.name and element.scale = fit.scale
where fit.kind = 'element'
order by instrument_id, role, element.position, element.scale_position, fit_component.position
