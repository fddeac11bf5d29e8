-- quality.rater_agreement: whether observers who saw the same session rate it alike, element by element and item by item.
-- grain: one row per instrument_id, role, level, element, item, scale, icc_type
-- reads: measure.element, measure.rater_agreement, measure.rater_group, reference.instrument, reference.item
-- why:   one coefficient misleads alone: raters who agree within a point may correlate poorly where sessions hardly differ. So all
--        stand side by side, and the note says in words how to read them. Individual observers' ratings in the window only.
with
groups as (select * from measure.rater_group),
figures as (select * from measure.rater_agreement),
items as (
    select instrument_id, item.item, number
    from reference.item as item
    inner join reference.instrument using (instrument_id, version)
    qualify row_number() over (partition by instrument_id, item.item order by version_order desc) = 1
)
select
    groups.instrument_id::varchar       as instrument_id,             -- instrument; instruments are never pooled
    role::varchar                       as role,                      -- role of the raters: observer; roles are never pooled
    level::varchar                      as level,                     -- element or item
    groups.domain::varchar              as domain,                    -- domain of the element; null for items
    groups.element::varchar             as element,                   -- element (about.element); null for items
    groups.item::varchar                as item,                      -- item of the instrument; null for elements
    groups.scale::varchar               as scale,                     -- scale (about.scale)
    icc_type::varchar                   as icc_type,                  -- what the correlation counts as error (about.code, list icc_type)
    round(icc_single, 9)::double        as icc_single,                -- intraclass correlation of one rater's rating; null where note says why
    round(icc_average, 9)::double       as icc_average,               -- of the mean of k raters
    round(k, 9)::double                 as k,                         -- usual number of raters: harmonic mean over sessions with two or more
    round(low, 9)::double               as low,                       -- lower end of the 95 % interval of icc_single
    round(high, 9)::double              as high,                      -- upper end of it
    round(average_low, 9)::double       as average_low,               -- lower end of the 95 % interval of icc_average
    round(average_high, 9)::double      as average_high,              -- upper end of it
    round(alpha, 9)::double             as alpha,                     -- Krippendorff's ordinal alpha; null where all ratings are equal
    round(alpha_low, 9)::double         as alpha_low,                 -- lower end of its 95 % interval over resampled sessions; null below ten sessions
    round(alpha_high, 9)::double        as alpha_high,                -- upper end of it
    round(exact, 9)::double             as exact,                     -- share of pairs of raters of one session who gave the same value, each session counting once
    round(within_one, 9)::double        as within_one,                -- share of them no more than one point apart
    n_units::integer                    as n_units,                   -- sessions with values of two raters or more: what alpha and the shares rest on
    n_raters::integer                   as n_raters,                  -- raters of these sessions
    n_rated::integer                    as n_rated,                   -- ratings with a value, single ones included: what the correlations rest on
    n_no_opportunity::integer           as n_no_opportunity,          -- ratings of sessions judged by two or more that say nothing called for it
    round(no_opportunity_agreement, 9)::double as no_opportunity_agreement,  -- given that one rater says so, chance that another of the session does; null where none says so
    round(no_opportunity_ac1, 9)::double as no_opportunity_ac1,       -- Gwet's AC1 of judging whether there was an opportunity
    restricted_range::boolean           as restricted_range,          -- true: nearly all ratings lie within two neighbouring points
    note::varchar                       as note                       -- why figures are missing, or how they are to be read
from groups
inner join figures using (fingerprint)
left join items on items.instrument_id = groups.instrument_id and items.item = groups.item
left join measure.element as element
    on element.instrument_id = groups.instrument_id and element.element = groups.element and element.scale = groups.scale
order by groups.instrument_id, role, level, position, number, groups.item, groups.scale, icc_type
