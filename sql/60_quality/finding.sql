-- quality.finding: something wrong or worth telling in one place of a sheet.
-- grain: one row per finding_id
-- reads: history.finding
-- why:   what was found stays readable after it was mended; closed_at says so.
select
    code::varchar        as code,        -- what kind of finding (about.code, list finding)
    severity::varchar    as severity,    -- error holds the rating or refuses the workbook, warning is only told
    workbook::varchar    as workbook,    -- sheet as it was sent: its path below the inbox
    sheet::varchar       as sheet,       -- its worksheet; empty when it is about the workbook
    cell::varchar        as cell,        -- cell; empty when it is about a worksheet or the workbook
    session_id::varchar  as session_id,  -- the rated session (or case); null where the sheet does not say
    rater_id::varchar    as rater_id,    -- who rated it; null where the sheet does not say
    message::varchar     as message,     -- what to do, for the person who can mend it
    opened_at::timestamp as opened_at,   -- UTC; when the workbook was first seen
    closed_at::timestamp as closed_at,   -- UTC; when what settled it was first seen; null while it is open
    finding_id::varchar  as finding_id   -- made from workbook, place and code
from history.finding
order by opened_at, workbook, sheet, cell, code, finding_id
