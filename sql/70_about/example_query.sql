-- about.example_query: questions people ask, and queries that answer them as printed.
-- grain: one row per name
-- reads: reference.example_query
-- why:   nobody should have to begin with an empty query window.
select
    name::varchar     as name,      -- short name
    question::varchar as question,  -- question
    query::varchar    as query      -- query that answers it on this file
from reference.example_query
order by position
