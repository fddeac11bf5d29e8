-- supervision.consensus: each consensus: what it settles, who signed it off and when, and how far it has come.
-- grain: one row per session_id, instrument_id, rater_id
-- reads: current.consensus, history.rating, measure.session
-- why:   feedback on a session is the signed consensus, so that a supervisor must see which wait for her. A changed consensus waits
--        for another signature. One without a rating of its own that counts was replaced by a later one.
select
    session_id::varchar                          as session_id,       -- the rated session (or case)
    session_on::date                             as session_on,       -- its date; null when no sheet says
    instrument_id::varchar                       as instrument_id,    -- instrument
    'consensus'::varchar                         as role,             -- role of such a rating: consensus
    written_by::varchar                          as rater_id,         -- who wrote the consensus down
    array_to_string(settles, '; ')::varchar      as settles,          -- observers whose ratings it settles; empty: none were there
    names_raters::boolean                        as names_raters,     -- true: it names them; false: all who had rated when it came
    nullif(array_to_string(absent, '; '), '')::varchar as absent_raters, -- of these, those whose rating is not there; null: none
    agreed_on::date                              as agreed_on,        -- when it was agreed; null when the sheet does not say
    standing::varchar                            as consensus,        -- how far it has come (about.code, list consensus)
    consensus.since::timestamp                   as since,            -- UTC; when what it says was first seen
    consensus.signed_by::varchar                 as signed_by,        -- supervisor who signed what it says; null: nobody yet
    consensus.signed_on::date                    as signed_on,        -- when she signed; null: nobody yet
    signed_workbook::varchar                     as signed_workbook,  -- workbook that the signature stands in; null: nobody yet
    rating.workbook::varchar                     as workbook,         -- workbook of the consensus: its path below the inbox
    rating.sheet::varchar                        as sheet,            -- its worksheet
    rating.cell::varchar                         as cell              -- its first cell
from current.consensus as consensus
inner join (select rating_id, workbook, sheet, cell from history.rating) as rating using (rating_id)
left join (select session_id, session_on from measure.session) as dates using (session_id)
order by session_on nulls last, session_id, instrument_id, consensus.since, written_by
