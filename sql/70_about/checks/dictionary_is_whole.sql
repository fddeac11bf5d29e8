-- fail: Every published column is in the dictionary under its type, and the dictionary has no other.
with
columns as (
    select schema_name || '.' || table_name as table_name, column_name, lower(data_type) as data_type
    from duckdb_columns()
    where database_name = current_database() and schema_name in ('supervision', 'quality', 'audit', 'about')
)
select table_name, column_name
from columns
full join about.dictionary as dictionary using (table_name, column_name)
where columns.data_type is distinct from dictionary.data_type
