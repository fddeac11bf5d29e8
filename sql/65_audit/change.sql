-- audit.change: every value that ever changed: what it was, what it became, where both stand, when and why.
-- grain: one row per session_id, rater_id, role, instrument_id, night_id, field, item, scale
-- reads: current.replacement, history.rating, history.score, history.step
-- why:   a form replaces the whole earlier form; what that did to each value is told here, and so is a withdrawal, after
--        which nothing stands in its place. A cell that was blank before and after, or went with its rating, is no change.
--        A timeline is one value, told event by event; a log of events in a file of its own replaces earlier logs, and is told under
--        the instrument whose steps it notes. That a log takes the place of a form's own timeline is no change of either.
with
cells as (
    select
        coalesce(old.session_id, new.session_id) as session_id,
        coalesce(old.rater_id, new.rater_id) as rater_id,
        coalesce(old.role, new.role) as role,
        coalesce(old.instrument_id, new.instrument_id) as instrument_id,
        coalesce(old.night_id, new.night_id) as night_id,
        'score' as field,
        coalesce(old.item, new.item) as item,
        coalesce(old.scale, new.scale) as scale,
        old.state as old_state,
        old.value as old_value,
        old.cell as old_cell,
        new.state as new_state,
        new.value as new_value,
        new.cell as new_cell
    from (
        select replacement.*, score.item, score.scale, score.state, score.value, score.cell
        from current.replacement as replacement
        join history.score as score on score.rating_id = replacement.old_rating_id
    ) as old
    full join (
        select replacement.*, score.item, score.scale, score.state, score.value, score.cell
        from current.replacement as replacement
        join history.score as score on score.rating_id = replacement.new_rating_id
    ) as new
        on new.session_id = old.session_id
        and new.rater_id = old.rater_id
        and new.role = old.role
        and new.instrument_id = old.instrument_id
        and new.night_id = old.night_id
        and new.item = old.item
        and new.scale = old.scale
    where coalesce(old.state, 'missing') <> coalesce(new.state, 'missing')
        or old.value is distinct from new.value
),
facts as (
    select
        replacement.*,
        unnest([
            {'field': 'therapist_ids', 'old': array_to_string(old.therapist_ids, '; '), 'new': array_to_string(new.therapist_ids, '; ')},
            {'field': 'patient_id', 'old': old.patient_id, 'new': new.patient_id},
            {'field': 'session_on', 'old': old.session_on::varchar, 'new': new.session_on::varchar},
            {'field': 'instrument_version', 'old': old.instrument_version, 'new': new.instrument_version},
            {'field': 'settles', 'old': array_to_string(old.settles, '; '), 'new': array_to_string(new.settles, '; ')}
        ]) as said
    from current.replacement as replacement
    join history.rating as old on old.rating_id = replacement.old_rating_id
    join history.rating as new on new.rating_id = replacement.new_rating_id
    where replacement.instrument_id not like '%/timeline'
),
events as (
    select
        rating_id,
        string_agg(
            concat_ws(' ', episode || ':', format('{:g}', minute), step, mode, arousal, intervention, followed), '; ' order by line
        ) as said,
        arg_min(sheet, line) as sheet,
        arg_min(cell, line) as cell
    from history.step
    where coalesce(step, mode, arousal, intervention, followed) is not null
    group by rating_id
),
timelines as (
    select
        replacement.*,
        if(replacement.instrument_id like '%/timeline', 'event_log', 'timeline') as field,
        old.said as old_said,
        old.sheet as old_event_sheet,
        old.cell as old_cell,
        new.said as new_said,
        new.sheet as new_event_sheet,
        new.cell as new_cell
    from current.replacement as replacement
    left join events as old on old.rating_id = replacement.old_rating_id
    left join events as new on new.rating_id = replacement.new_rating_id
),
changes as (
    select * from cells
    union all by name
    select
        session_id, rater_id, role, instrument_id, night_id, field, old_said, old_event_sheet, old_cell, new_said,
        new_event_sheet, new_cell
    from timelines
    where old_said is distinct from new_said
    union all by name
    select
        session_id, rater_id, role, instrument_id, night_id, said.field as field,
        nullif(said.old, '') as old_said, nullif(said.new, '') as new_said
    from facts
    where said.old is distinct from said.new
),
placed as (
    select
        changes.*,
        replacement.old_rating_id,
        replacement.new_rating_id,
        replacement.changed_at,
        replacement.cause,
        replacement.why,
        old.workbook as old_workbook,
        old.sheet as old_sheet,
        old.cell as old_first_cell,
        new.workbook as new_workbook,
        new.sheet as new_sheet,
        new.cell as new_first_cell
    from changes
    join current.replacement as replacement using (session_id, rater_id, role, instrument_id, night_id)
    left join history.rating as old on old.rating_id = replacement.old_rating_id
    left join history.rating as new on new.rating_id = replacement.new_rating_id
)
select
    session_id::varchar    as session_id,     -- the rated session (or case)
    nullif(rater_id, '')::varchar as rater_id, -- who rated it; null for a log of events that names no rater
    role::varchar          as role,           -- role of the rater (about.code, list role)
    regexp_replace(instrument_id, '/timeline$', '')::varchar as instrument_id, -- instrument
    field::varchar         as field,          -- what changed (about.code, list field): a score, a timeline, or a fact of the whole rating
    item::varchar          as item,           -- item of the instrument; null unless a score changed
    scale::varchar         as scale,          -- scale; null unless a score changed
    old_state::varchar     as old_state,      -- what the cell said before (about.code, list state); null where there was none
    old_value::double      as old_value,      -- point of the scale before; null unless it was rated
    old_said::varchar      as old_said,       -- the fact before; null when a score changed, or where nothing was said
    new_state::varchar     as new_state,      -- what the cell says now; null where there is none, as after a withdrawal
    new_value::double      as new_value,      -- point of the scale now; null unless it is rated
    new_said::varchar      as new_said,       -- the fact now; null when a score changed, or where nothing is said
    old_workbook::varchar  as old_workbook,   -- workbook that it stood in: its path below the inbox; null when nothing counted
    coalesce(old_event_sheet, old_sheet)::varchar as old_sheet,      -- its worksheet
    coalesce(old_cell, old_first_cell)::varchar as old_cell, -- its cell; of a fact, the first cell of the rating
    new_workbook::varchar  as new_workbook,   -- workbook that it stands in now; null after a withdrawal
    coalesce(new_event_sheet, new_sheet)::varchar as new_sheet,      -- its worksheet
    coalesce(new_cell, new_first_cell)::varchar as new_cell, -- its cell; of a fact, the first cell of the rating
    changed_at::timestamp  as changed_at,     -- UTC; when the new sheet was first seen, or the withdrawal was recorded
    cause::varchar         as cause,          -- what changed it (about.code, list cause)
    why::varchar           as why,            -- the reason in words; of a withdrawal, those of the person who withdrew it
    night_id::bigint       as night_id,       -- night that changed it (about.run)
    old_rating_id::varchar as old_rating_id,  -- rating that counted until then; null when none did
    new_rating_id::varchar as new_rating_id   -- rating that counts from then on; null after a withdrawal
from placed
order by changed_at, night_id, session_id, rater_id, role, instrument_id, field, item, scale
