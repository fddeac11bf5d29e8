-- fail: The ledger counts of every workbook the ratings that were recorded from it.
with
found as (
    select
        workbook,
        sha256,
        count(*) as n_ratings,
        count(*) filter (verdict = 'accepted') as n_accepted,
        count(*) filter (verdict = 'held') as n_held,
        count(*) filter (verdict = 'duplicate') as n_duplicate
    from history.rating
    group by workbook, sha256
)
select workbook, sha256
from found
full join history.workbook as ledger using (workbook, sha256)
-- the same bytes under another name bring no rating of their own
where (found.n_ratings is not null or ledger.outcome <> 'duplicate')
    and (
        coalesce(found.n_ratings, 0) is distinct from ledger.n_ratings
        or coalesce(found.n_accepted, 0) is distinct from ledger.n_accepted
        or coalesce(found.n_held, 0) is distinct from ledger.n_held
        or coalesce(found.n_duplicate, 0) is distinct from ledger.n_duplicate
    )
