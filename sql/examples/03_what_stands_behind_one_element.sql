-- question: Which sessions and cells stand behind one element?
select
    who.therapist_id,
    session_id,
    cells.session_on,
    rater_id,
    item,
    scale,
    state,
    value,
    workbook,
    sheet,
    cell
from supervision.session_item as cells
join supervision.item_element using (instrument_id, instrument_version, item)
join supervision.session_therapist as who using (session_id)
where element = 'not_knowing' and role = 'observer' and in_window
order by who.therapist_id, cells.session_on, session_id, rater_id, item, scale;
