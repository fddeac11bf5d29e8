-- quality.trajectory_agreement: whether raters of one session agree on where its order of steps came to its end.
-- grain: one row per instrument_id, role, basis
-- reads: measure.trajectory_agreement
-- why:   until raters are known to agree, what is told of where sessions break is experimental, and shown as such.
select
    instrument_id::varchar   as instrument_id,    -- instrument; instruments are never pooled
    role::varchar            as role,             -- role of the raters (about.code, list role); roles are never pooled
    basis::varchar           as basis,            -- timeline or scores (about.code, list basis); never counted together
    n_sessions::integer      as n_sessions,       -- sessions in the window followed by two raters or more
    n_pairs::integer         as n_pairs,          -- pairs of raters of one session
    exact::double            as exact,            -- share of pairs that name the same step
    alpha::double            as alpha,            -- Krippendorff's alpha, nominal; null when everyone always says the same
    is_experimental::boolean as is_experimental   -- alpha has not reached .60
from measure.trajectory_agreement
order by instrument_id, role, basis desc
