-- about.instrument: the instruments that sheets may be filled in for.
-- grain: one row per instrument_id, instrument_version
-- reads: reference.instrument
-- why:   instruments, and with them individual and group sessions, are never pooled; this is what tells them apart.
select
    instrument_id::varchar as instrument_id,       -- instrument
    version::varchar       as instrument_version,  -- its version; a released version never changes
    title::varchar         as title,               -- its name
    modality::varchar      as modality,            -- kind of session (about.code, list modality)
    unit::varchar          as unit,                -- what is rated: session or case
    is_latest::boolean     as is_latest,           -- true: the newest version
    is_clinical::boolean   as is_clinical,         -- false: for demonstration only
    crosswalk_to::varchar  as crosswalk_to         -- instrument whose elements its items speak to; null when it has its own
from reference.instrument
order by instrument_id, version_order
