-- history: what was ever received, found and decided. Rows are added, never rewritten, save a finding's closing.
-- why: everything people see is rebuilt from these tables each night; keys are proved by the checks, not by indexes.

create schema if not exists history;
create schema if not exists reference;

-- grain: one row per workbook name and content ever seen
create table if not exists history.workbook (
    workbook      varchar not null,        -- path below the inbox, as it was dropped
    sha256        varchar not null,        -- of the bytes; '' while the file was still arriving
    received_at   timestamp not null,      -- UTC; when it was first seen, at the start of that night
    outcome       varchar not null,        -- what became of it (reference.code, list outcome)
    reason_code   varchar,                 -- finding code, where the outcome needs a reason
    reason        varchar,                 -- the reason in words
    layout        varchar,                 -- layout and version it was read with
    n_ratings     integer not null,        -- ratings found in it
    n_accepted    integer not null,        -- of these: taken in at first judgement
    n_held        integer not null,        -- of these: held at first judgement
    n_duplicate   integer not null,        -- of these: known already at first judgement
    judged_under  varchar not null,        -- fingerprint of the roster, layouts and instruments of that night; empty: to be read again
    night_id      bigint not null          -- night that judged it
);

-- grain: one row per rating found in a workbook
create table if not exists history.rating (
    rating_id          varchar not null,   -- made from the workbook's bytes, the sheet and the place of the rating
    sha256             varchar not null,   -- workbook it was found in
    workbook           varchar not null,   -- its name
    sheet              varchar not null,   -- its sheet
    cell               varchar not null,   -- first cell of the rating
    session_id         varchar,            -- the rated session (or case); null when the sheet does not say
    therapist_ids      varchar[] not null, -- therapists of the session, sorted
    patient_id         varchar,            -- its patient
    rater_id           varchar,            -- who rated it
    session_on         date,               -- when the session was
    rated_on           date,               -- when it was rated
    revision           integer,            -- revision of the form
    role               varchar not null,   -- role of the rater
    selection          varchar not null,   -- how the session came to be rated
    instrument_id      varchar not null,   -- instrument
    instrument_version varchar not null,   -- its version
    received_at        timestamp not null, -- UTC; when the workbook was first seen
    is_valid           boolean not null,   -- true: nothing in the sheet itself holds it
    verdict            varchar not null,   -- first judgement (reference.code, list verdict)
    first_code         varchar,            -- first finding that held it
    values_hash        varchar,            -- of its scores, therapists, patient and date; null when not valid
    night_id           bigint not null     -- night that found it
);

-- grain: one row per valid rating, item and scale
create table if not exists history.score (
    rating_id varchar not null,            -- rating
    item      varchar not null,            -- item of the instrument
    scale     varchar not null,            -- scale of the instrument
    state     varchar not null,            -- state of the cell
    value     double,                      -- point of the scale; null unless rated
    cell      varchar not null             -- cell of the rating's sheet; '' where the sheet has none
);

-- grain: one row per remark that a rater wrote beside a rating or an item
create table if not exists history.comment (
    rating_id varchar not null,            -- rating
    item      varchar,                     -- item; null when it is about the whole rating
    cell      varchar not null,            -- cell of the rating's sheet
    comment   varchar not null             -- the rater's words
);

-- grain: one row per valid rating taken in since timelines are read; a rating without a row says nothing of its timeline
create table if not exists history.timeline (
    rating_id     varchar not null,        -- rating
    timeline_hash varchar not null         -- of what its timeline says; '' when it has none
);

-- grain: one row per event that a valid rating's timeline notes
create table if not exists history.step (
    rating_id    varchar not null,         -- rating
    line         integer not null,         -- place among the events of the rating, from 1
    episode      integer not null,         -- run through the steps, from 1
    minute       double,                   -- minutes from the beginning of the recording
    step         varchar,                  -- step of the instrument's ordered domain
    mode         varchar,                  -- non-mentalizing mode noted (reference.code, list mode)
    arousal      varchar,                  -- arousal noted (reference.code, list arousal)
    intervention varchar,                  -- what was done (reference.code, list intervention)
    followed     varchar,                  -- what it was followed by (reference.code, list followed)
    note         varchar,                  -- the rater's words
    sheet        varchar not null,         -- sheet of the workbook that the timeline stands on
    cell         varchar not null          -- cell of that sheet that stands for the event
);

-- grain: one row per finding
create table if not exists history.finding (
    finding_id   varchar not null,         -- made from workbook, place and code
    workbook     varchar not null,         -- workbook it is about
    sha256       varchar not null,         -- its bytes
    rating_id    varchar,                  -- rating it is about; null when about a sheet or the workbook
    code         varchar not null,         -- finding code
    severity     varchar not null,         -- error or warning
    sheet        varchar not null,         -- sheet; '' when about the workbook
    cell         varchar not null,         -- cell; '' when about a sheet
    session_id   varchar,                  -- session, where the sheet says
    rater_id     varchar,                  -- rater, where the sheet says
    message      varchar not null,         -- what to do, for the person who can mend it
    opened_at    timestamp not null,       -- UTC; when its workbook was first seen
    closed_at    timestamp,                -- UTC; when what settled it was first seen
    closed_by    varchar,                  -- workbook that settled it
    night_id     bigint,                   -- night that recorded it; null: before nights could be told again
    closed_night_id bigint                 -- night that recorded the closing; null as above, or while it is open
);

-- grain: one row per thing that happened to a rating after its first judgement
create table if not exists history.event (
    rating_id varchar not null,            -- rating
    event     varchar not null,            -- reference.code, list event
    event_at  timestamp not null,          -- UTC
    why       varchar not null,            -- in words
    night_id  bigint not null              -- night that recorded it
);

-- grain: one row per night
create table if not exists history.night (
    night_id    bigint not null,           -- counts up
    night_on    date not null,             -- date the night stands for
    started_at  timestamp not null,        -- UTC
    version     varchar not null,          -- of this software
    n_workbooks integer not null,          -- workbooks newly judged
    n_ratings   integer not null,          -- ratings newly found
    n_accepted  integer not null,          -- of these, taken in
    n_held      integer not null,          -- of these, held
    n_duplicate integer not null,          -- of these, known already
    n_released  integer not null           -- held ratings of earlier nights that were taken in
);

-- grain: one row per text of an instrument, a layout or the settings that a night ever rested on
create table if not exists history.text (
    text_id varchar not null,              -- SHA-256 of the text
    name    varchar not null,              -- what it is: instrument, layout or settings, with id and version
    text    varchar not null               -- the text itself
);

-- grain: one row per night
create table if not exists history.circumstance (
    night_id    bigint not null,           -- night
    settings_id varchar not null,          -- text of its settings (history.text)
    text_ids    varchar[] not null,        -- texts of its instruments and layouts (history.text)
    has_roster  boolean not null,          -- whether there was a roster
    roster_id   varchar not null           -- its roster: of history.roster_therapist, roster_rater and roster_plan
);

-- grain: one row per roster and therapist
create table if not exists history.roster_therapist (
    roster_id     varchar not null,        -- made from all that the roster says
    place         integer not null,        -- place in the roster
    therapist_id  varchar not null,        -- therapist
    team          varchar,                 -- her team
    supervisor_id varchar                  -- her supervisor
);

-- grain: one row per roster and rater
create table if not exists history.roster_rater (
    roster_id    varchar not null,         -- made from all that the roster says
    place        integer not null,         -- place in the roster
    rater_id     varchar not null,         -- rater
    team         varchar,                  -- her team
    also_written varchar[] not null        -- other spellings of the id or name
);

-- grain: one row per roster and line of its plan
create table if not exists history.roster_plan (
    roster_id    varchar not null,         -- made from all that the roster says
    place        integer not null,         -- place in the roster
    therapist_id varchar,                  -- therapist; null: everyone
    period       varchar not null,         -- year, half-year or quarter
    sessions     integer not null,         -- sessions to be rated
    raters       integer not null          -- raters of each
);

-- Homes begun by an earlier release have these tables without their newest columns.
alter table history.finding add column if not exists night_id bigint;
alter table history.finding add column if not exists closed_night_id bigint;
alter table history.rating add column if not exists phase varchar;
alter table history.rating add column if not exists diagnosis varchar;
alter table history.rating add column if not exists setting varchar;
alter table history.rating add column if not exists settles varchar[]; -- raters whose ratings a consensus names as settled, sorted
alter table history.rating add column if not exists signed_by varchar; -- supervisor who signed this copy of a consensus off
alter table history.rating add column if not exists signed_on date;    -- when

-- grain: one row per row of history.rating that a night rewrote, as it was until that night
create table if not exists history.rating_before as
select rating.*, 0::bigint as until_night_id from history.rating as rating limit 0;

-- grain: one row per row of history.workbook that a night rewrote or removed, as it was until that night
create table if not exists history.workbook_before as
select workbook.*, 0::bigint as until_night_id from history.workbook as workbook limit 0;
-- grain: one row per spelling of an erased person's id; the id itself is kept nowhere
create table if not exists history.tombstone (
    kind      varchar not null,            -- patient, therapist or rater
    digest    varchar not null,            -- HMAC-SHA256 of kind and spelling, with a key of warehouse/erasure.key
    length    integer not null,            -- characters of the spelling
    found_as  varchar not null,            -- how it may be looked for: anywhere, number, word or field
    key_id    varchar not null,            -- which key
    head      varchar not null,            -- HMAC-SHA256 of the first characters, by which most texts are passed over
    erased_at timestamp not null           -- UTC
);

-- grain: one row per erasure; one that is not done is finished by the next night
create table if not exists history.erasure (
    began_at    timestamp not null,        -- UTC
    done_at     timestamp,                 -- UTC; null while it is under way
    what        varchar not null,          -- person, age or restored
    kept_from   date,                      -- sessions before this day went, when it was by age
    n_ratings   integer not null,          -- ratings that went
    n_workbooks integer not null           -- originals that were replaced or removed
);
