-- about.dictionary: what every column of this file means.
-- grain: one row per table_name, column_name
-- reads: reference.published_column
-- why:   the same sentences are the comments of the tables and columns; here they can be searched and exported.
select
    table_name::varchar     as table_name,     -- table
    table_sentence::varchar as table_sentence, -- what the table is, and what one row of it is
    column_name::varchar    as column_name,    -- column
    position::integer       as position,       -- place of the column in its table
    data_type::varchar      as data_type,      -- DuckDB type of the column
    sentence::varchar       as sentence        -- what the column means
from reference.published_column
order by table_name, position
