-- fail: Every about table has one row per what its header says, and one night is the newest.
select 'code' as table_name, concat_ws(' ', list, code) as key
from about.code
group by all
having count(*) > 1
union all
select 'dictionary', concat_ws(' ', table_name, column_name)
from about.dictionary
group by table_name, column_name
having count(*) > 1
union all
select 'element', concat_ws(' ', instrument_id, element)
from about.element
group by instrument_id, element
having count(*) > 1
union all
select 'scale', concat_ws(' ', instrument_id, instrument_version, scale)
from about.scale
group by instrument_id, instrument_version, scale
having count(*) > 1
union all
select 'item', concat_ws(' ', instrument_id, instrument_version, item, scale)
from about.item
group by instrument_id, instrument_version, item, scale
having count(*) > 1
union all
select 'instrument', concat_ws(' ', instrument_id, instrument_version)
from about.instrument
group by instrument_id, instrument_version
having count(*) > 1
union all
select 'run', night_id::varchar
from about.run
group by night_id
having count(*) > 1
union all
select 'run', 'newest'
from about.run
having count(*) filter (is_newest) <> 1
