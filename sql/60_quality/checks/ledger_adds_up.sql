-- fail: Of every workbook, the ratings found are those taken in, held and known already.
select workbook, sha256
from history.workbook
where n_ratings <> n_accepted + n_held + n_duplicate
