-- measure.course_kin: which instruments can take each other's place, so that a therapist's line goes on from one to the other.
-- grain: one row per instrument_id, version, other_id, other_version
-- reads: reference.element, reference.instrument, reference.item_element, reference.item_scale, reference.scale
-- why:   two that cover a domain on a scale of the same name, or that both judge it against a threshold, tell of the same thing in
--        units of their own. A module that tells of other domains, or that only describes what the other judges (a spectrum by its
--        extent), is rated beside it: no change of instrument, and no gap. Each is its own kin, and that of its other versions.
with
versions as (select instrument_id, version, modality, unit from reference.instrument),
grounds as (
    select distinct versions.*, domain, scale, threshold is not null as is_judged
    from reference.item_element
    inner join reference.item_scale using (instrument_id, version, item)
    inner join (select instrument_id, version, scale, threshold from reference.scale where kind = 'rating') using (instrument_id, version, scale)
    inner join (select instrument_id, version, element, domain from reference.element) using (instrument_id, version, element)
    inner join versions using (instrument_id, version)
),
pairs as (
    select one.instrument_id, one.version, other.instrument_id as other_id, other.version as other_version
    from grounds as one
    inner join grounds as other
        on (other.modality, other.unit, other.domain) = (one.modality, one.unit, one.domain)
        and (other.scale = one.scale or (other.is_judged and one.is_judged))
    union
    select one.instrument_id, one.version, other.instrument_id, other.version
    from versions as one
    inner join versions as other on (other.instrument_id, other.modality, other.unit) = (one.instrument_id, one.modality, one.unit)
)
select
    instrument_id::varchar as instrument_id,  -- instrument
    version::varchar       as version,        -- its version
    other_id::varchar      as other_id,       -- an instrument whose place it can take
    other_version::varchar as other_version   -- its version
from pairs
