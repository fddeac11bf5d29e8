"""What a supervision sheet says beside scores: questions for a conversation, what is in place for cases, choices counted.

Observers' ratings only, as everywhere that a number is made of them; who rated is not read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from schemas.codes import Role, State

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question of the guidance rules, and the sessions or cases that bring it to mind, latest first."""

    sentence: str
    raised_by: tuple[tuple[str, str], ...]  # (session or case, where it stands; empty where several cells make it up)


@dataclass(frozen=True, slots=True)
class Fact:
    """What is said of one item of a case, or (with `scale`) which choice was made on it in how many sessions."""

    item: str
    scale: str
    said: str


@dataclass(frozen=True, slots=True)
class Assessed:
    """A case at its latest month, or the choices of one instrument's sessions (`name` says which)."""

    name: str
    assessed_on: date | None
    earlier: tuple[int, ...]  # months at which the case was assessed before
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What there is to say to one therapist beside her scores."""

    prompts: tuple[Prompt, ...] = ()
    cases: tuple[Assessed, ...] = ()
    choices: tuple[Assessed, ...] = ()


NOTHING_TO_SAY = Conversation()


def read_cases(con: DuckDBPyConnection) -> dict[str, str]:
    """The units that are cases and not sessions, with their names in words: `C-1 @ 6` is `case C-1 at month 6`."""
    found = con.execute(CASES_SQL).fetchall()
    return {session_id: _case_name(*session_id.rpartition(" @ ")[::2]) for (session_id,) in found}


def unit_name(session_id: str, cases: Mapping[str, str]) -> str:
    """A session by its id, a case in words."""
    return cases.get(session_id, session_id)


def _case_name(case_id: str, month: str) -> str:
    return f"case {case_id} at month {month}" if case_id else f"case {month}"


def read_conversations(con: DuckDBPyConnection, cases: dict[str, str]) -> dict[str, Conversation]:
    """Therapist to what there is to say to her; one who is in none of it is left out."""
    prompts = {key: tuple(_prompts(rows, cases)) for key, rows in _by_first(con.execute(PROMPTS_SQL).fetchall())}
    in_cases = {key: tuple(_cases(rows)) for key, rows in _by_first(con.execute(CASE_FACTS_SQL).fetchall())}
    chosen = {key: tuple(_choices(rows)) for key, rows in _by_first(con.execute(CHOICES_SQL).fetchall())}
    return {
        therapist_id: Conversation(
            prompts.get(therapist_id, ()), in_cases.get(therapist_id, ()), chosen.get(therapist_id, ())
        )
        for therapist_id in prompts.keys() | in_cases.keys() | chosen.keys()
    }


CASES_SQL = """
select distinct r.session_id
from current.rating r
join reference.instrument i on (i.instrument_id, i.version) = (r.instrument_id, r.instrument_version)
where i.unit = 'case'
"""

PROMPTS_SQL = """
select st.therapist_id, p.sentence, p.session_id, p.session_on,
       if(coalesce(p.cell, '') = '', '', concat_ws(', ', p.workbook, nullif(p.sheet, ''), p.cell))
from supervision.prompt p
join supervision.session_therapist st using (session_id)
where st.in_window
order by st.therapist_id, p.session_on desc nulls last, p.session_id, p.rule
"""

# Titles are those of the newest version that has the item or scale.
TITLES = """
items as (select instrument_id, item, arg_max(m.title, version_order) as title, arg_max(number, version_order) as number
    from reference.item m join reference.instrument using (instrument_id, version) group by 1, 2),
scales as (select instrument_id, scale, arg_max(s.title, version_order) as title, arg_max(position, version_order) as position
    from reference.scale s join reference.instrument using (instrument_id, version) group by 1, 2)
"""

# Two raters of one case who differ are both heard; a blank is told only where nobody said anything.
CASE_FACTS_SQL = f"""
with {TITLES}
select st.therapist_id, f.case_id, f.assessment_point, f.session_on, coalesce(i.title, f.item), f.scale, s.title, f.kind,
       list(distinct coalesce(f.said, f.state)) filter (f.state <> '{State.MISSING}')
from supervision.session_fact f
join supervision.session_therapist st using (session_id)
left join items i on (i.instrument_id, i.item) = (f.instrument_id, f.item)
left join scales s on (s.instrument_id, s.scale) = (f.instrument_id, f.scale)
where f.case_id is not null and f.role = '{Role.OBSERVER}' and st.in_window
group by all
having count(*) filter (f.state <> '{State.MISSING}') > 0
order by st.therapist_id, f.case_id, f.assessment_point desc nulls last, any_value(i.number) nulls last, 5,
         any_value(s.position) nulls last, f.scale
"""  # noqa: S608 - made of our own words

CHOICES_SQL = f"""
with {TITLES},
in_cases as (select distinct instrument_id from supervision.session_fact where case_id is not null)
select f.therapist_id, f.instrument_id, coalesce(i.title, f.item), coalesce(s.title, f.scale), f.said, f.n_sessions
from supervision.therapist_fact f
left join items i on (i.instrument_id, i.item) = (f.instrument_id, f.item)
left join scales s on (s.instrument_id, s.scale) = (f.instrument_id, f.scale)
where f.role = '{Role.OBSERVER}' and f.instrument_id not in (from in_cases)
order by f.therapist_id, f.instrument_id, i.number nulls last, f.item, s.position nulls last, f.scale,
         f.n_sessions desc, f.said
"""  # noqa: S608 - made of our own words


def _by_first(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    for key, of_key in groupby(rows, key=lambda row: str(row[0])):
        yield key, [row[1:] for row in of_key]


def _prompts(rows: Iterable[Row], cases: dict[str, str]) -> Iterator[Prompt]:
    raised: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for sentence, session_id, session_on, place in rows:
        day = f", {session_on.isoformat()}" if session_on else ""
        raised[sentence].append((f"{unit_name(session_id, cases)}{day}", place))
    for sentence, by in raised.items():
        yield Prompt(sentence, tuple(by))


def _cases(rows: Iterable[Row]) -> Iterator[Assessed]:
    """Each case as its latest assessment found it."""
    for case_id, of_case in groupby(rows, key=lambda row: row[0]):
        by_month = [(key, list(found)) for key, found in groupby(of_case, key=lambda row: row[1:3])]
        (month, assessed_on), latest = by_month[0]
        earlier = tuple(sorted({int(other) for (other, _), _ in by_month[1:] if other not in (None, month)}))
        name = _case_name(case_id, f"{month}") if month is not None else f"case {case_id}"
        facts = (
            Fact(item, "", ", ".join(_said(kind, scale, title, said) for *_, scale, title, kind, said in of_item))
            for item, of_item in groupby(latest, key=lambda row: row[3])
        )
        yield Assessed(name, assessed_on, earlier, tuple(facts))


def _said(kind: str, scale: str, title: str | None, said: list[str]) -> str:
    """A choice as its word alone; a number or a date behind the name of its scale."""
    words = " or ".join(STATE_WORDS.get(word, word) for word in sorted(said))
    return words if kind == "choice" else f"{(title or scale).lower()} {words}"


STATE_WORDS: dict[str, str] = {
    State.NO_OPPORTUNITY: "no opportunity",
    State.UNJUDGEABLE: "could not judge",
    State.NOT_DELIVERED: "not delivered",
}


def _choices(rows: Iterable[Row]) -> Iterator[Assessed]:
    for instrument_id, of_instrument in groupby(rows, key=lambda row: row[0]):
        facts = []
        for (item, scale), found in groupby(of_instrument, key=lambda row: row[1:3]):
            facts.append(Fact(item, scale, ", ".join(f"{said} ({n})" for *_, said, n in found)))
        yield Assessed(instrument_id, None, (), tuple(facts))
