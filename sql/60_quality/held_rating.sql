-- quality.held_rating: a rating that waits for a person.
-- grain: one row per rating_id
-- reads: current.waiting, history.finding
-- why:   nothing that was sent may be lost from sight; the sentence is that of the first thing that holds it.
with
waiting as (select * from current.waiting),
sentences as (
    select rating_id, code, message
    from history.finding
    where rating_id is not null
    qualify row_number() over (partition by rating_id, code order by opened_at desc, finding_id) = 1
)
select
    workbook::varchar      as workbook,       -- sheet as it was sent: its path below the inbox
    sheet::varchar         as sheet,          -- its worksheet
    cell::varchar          as cell,           -- first cell of the rating
    session_id::varchar    as session_id,     -- the rated session (or case); null when the sheet does not say
    nullif(rater_id, '')::varchar as rater_id, -- who rated it; null when the sheet does not say
    nullif(array_to_string(therapist_ids, '; '), '')::varchar as therapist_ids,  -- whom it is about, as the sheet says; several are separated by ;
    role::varchar          as role,           -- role of the rater (about.code, list role)
    instrument_id::varchar as instrument_id,  -- instrument; with /timeline after it for a log of events in a file of its own
    first_code::varchar    as first_code,     -- first of what holds it (about.code, list finding)
    message::varchar       as message,        -- what to do about it
    since::timestamp       as since,          -- UTC; since when it waits
    waiting.rating_id::varchar as rating_id   -- made from the workbook's bytes, the sheet and the place of the rating
from waiting
left join sentences on sentences.rating_id = waiting.rating_id and sentences.code = waiting.first_code
order by since, workbook, sheet, cell, waiting.rating_id
