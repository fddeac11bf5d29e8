-- current.comment: the raters' remarks on the ratings that count.
-- grain: one row per rating_id, item, cell
-- reads: current.rating, history.rating, history.comment
-- why:   a form sent again with the same scores and another remark is a duplicate; its remark is the one that counts.
with
copies as (
    select
        counting.rating_id as counts_as,
        copy.rating_id,
        copy.received_at,
        copy.workbook,
        copy.sheet
    from current.rating as counting
    join history.rating as original on original.rating_id = counting.rating_id
    join history.rating as copy
        on copy.session_id = original.session_id
        and copy.rater_id = original.rater_id
        and copy.role = original.role
        and copy.instrument_id = original.instrument_id
        and copy.values_hash = original.values_hash
),
latest as (
    select *
    from copies
    qualify row_number() over (
        partition by counts_as
        order by received_at desc, rating_id = counts_as desc, workbook, rating_id
    ) = 1
)
select
    latest.counts_as::varchar  as rating_id,  -- the rating that counts
    comment.item::varchar      as item,       -- item; null when it is about the whole rating
    latest.workbook::varchar   as workbook,   -- workbook it stands in; a later copy of the rating may have brought it
    latest.sheet::varchar      as sheet,      -- its sheet
    comment.cell::varchar      as cell,       -- its cell
    comment.comment::varchar   as comment     -- the rater's words
from latest
join history.comment as comment on comment.rating_id = latest.rating_id
