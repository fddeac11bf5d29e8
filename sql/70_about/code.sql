-- about.code: every word that a column may say for a state of affairs, and what it means.
-- grain: one row per list, code
-- reads: reference.code
-- why:   a status or a finding must be readable without any other document.
select
    list::varchar     as list,      -- the list a word belongs to: state, role, status, outcome, finding …
    code::varchar     as code,      -- the word
    severity::varchar as severity,  -- of a finding: error or warning
    meaning::varchar  as meaning    -- what it means; of a finding, what to do
from reference.code
order by list, position
