-- quality.workbook: what became of every workbook ever seen.
-- grain: one row per workbook, sha256
-- reads: history.workbook
-- why:   received, taken in, held and known already must add up, workbook by workbook: n_ratings = n_accepted + n_held + n_duplicate.
select
    workbook::varchar     as workbook,     -- path below the inbox, as it was dropped
    sha256::varchar       as sha256,       -- of its bytes; empty while it was still arriving
    received_at::timestamp as received_at, -- UTC; when it was first seen
    outcome::varchar      as outcome,      -- what became of it (about.code, list outcome)
    reason::varchar       as reason,       -- why, where the outcome needs a reason
    layout::varchar       as layout,       -- layout and version it was read with; null when it was not read
    n_ratings::integer    as n_ratings,    -- ratings found in it; a log of events counts as one for each session and rater it names
    n_accepted::integer   as n_accepted,   -- of these, taken in when first judged
    n_held::integer       as n_held,       -- of these, held when first judged; held_rating has those that still wait
    n_duplicate::integer  as n_duplicate   -- of these, known already when first judged
from history.workbook
order by received_at, workbook, sha256
