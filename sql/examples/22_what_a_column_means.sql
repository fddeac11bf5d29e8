-- question: What does a column mean?
select table_name, column_name, sentence
from about.dictionary
where column_name = 'share_adequate'
order by table_name;
