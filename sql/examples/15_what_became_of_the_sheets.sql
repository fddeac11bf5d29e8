-- question: What became of the sheets we sent?
select outcome, meaning, count(*) as workbooks, sum(n_ratings) as ratings, sum(n_accepted) as taken_in, sum(n_held) as held
from quality.workbook
join about.code on list = 'outcome' and code = outcome
group by outcome, meaning
order by workbooks desc, outcome;
