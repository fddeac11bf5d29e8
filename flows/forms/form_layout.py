"""The words of the rating form, and the layout with which the reader finds them again.

The form is an ordinary layout of the shape "form": whoever writes the form takes every word from here, so
that the two cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from schemas.codes import Described, Modality, Selection, State
from schemas.instrument import Instrument, Item, Scale
from schemas.layout import (
    CONSENSUS_FIELDS,
    FACT_FIELDS,
    EventField,
    FieldName,
    FieldSource,
    Layout,
    SheetChoice,
    Table,
    Timeline,
)
from schemas.session_codes import Diagnosis, Phase, Setting

MARKER = "session-fidelity form"
RATING_SHEET = "Rating"
TIMELINE_SHEET = "Timeline"

MARK_WORDS: Mapping[State, str] = {
    State.NO_OPPORTUNITY: "no opportunity",
    State.UNJUDGEABLE: "could not judge",
    State.NOT_DELIVERED: "not delivered",
}
SELECTION_WORDS: Mapping[str, Selection] = {
    "at random": Selection.RANDOM,
    "by the therapist": Selection.THERAPIST_CHOSEN,
    "by the supervisor": Selection.SUPERVISOR_CHOSEN,
    "not known": Selection.UNKNOWN,
}
NOT_USED_WORD = "not rated"  # stands in cells that the instrument does not use, for those who cannot see grey

_LABELS: Mapping[FieldName, str] = {
    "session_id": "Session id",
    "session_on": "Session date",
    "therapist_id": "Therapist id",
    "patient_id": "Patient id",
    "rater_id": "Rater id",
    "role": "Your role",
    "rated_on": "Rated on",
    "revision": "Revision",
    "selection": "How it was chosen",
    "overall_comment": "Overall remark",
    "phase": "Phase of treatment",
    "diagnosis": "Diagnosis group",
    "setting": "Setting",
    "settles": "Settles ratings of",
    "signed_by": "Signed off by",
    "signed_on": "Signed on",
}
FACT_WORDS: Mapping[FieldName, type[Described]] = {"phase": Phase, "diagnosis": Diagnosis, "setting": Setting}
NUMBER_HEADER = "No."
ITEM_HEADER = "What to look and listen for"
REMARK_HEADER = "Remark"
CHECK_HEADER = "Check"
COUNTER_LABEL = "Still blank"
MOST_OFFERED = 201  # a drop-down with more is no drop-down
EVENT_HEADERS: Mapping[EventField, str] = {
    "episode": "Episode",
    "minute": "Minute",
    "step": "Step",
    "mode": "Mode",
    "arousal": "Arousal",
    "intervention": "Intervention",
    "followed": "What followed",
    "note": "Note",
}
TIMELINE_END = "Mode –"  # how the legend below the lines begins

_CASE_LABELS: Mapping[FieldName, str] = {
    "session_id": "Case id",
    "session_on": "Assessed on",
    "assessment_point": "Month of treatment",
}
_GROUP_LABELS: Mapping[FieldName, str] = {"therapist_id": "Therapist ids"}

OPTIONAL: tuple[FieldName, ...] = (
    "rated_on", "revision", "role", "selection", "overall_comment", *FACT_FIELDS, *CONSENSUS_FIELDS,
)  # fmt: skip


def marker(instrument: Instrument) -> str:
    """The text in a hidden row of every form, as `session-fidelity form mbt-session 1.0`."""
    return f"{MARKER} {instrument.name}"


def marked_instrument(text: str) -> tuple[str, str] | None:
    """Instrument id and version that a marker names; None when the text is no marker."""
    found = re.fullmatch(rf"{MARKER} ([a-z][a-z0-9_-]*) (\d+(?:\.\d+)*)", text.strip())
    return (found[1], found[2]) if found else None


def field_labels(instrument: Instrument) -> dict[FieldName, str]:
    """What stands beside each field; a case is not called a session, and a group may have two therapists."""
    labels = dict(_LABELS)
    if instrument.unit == "case":
        labels |= _CASE_LABELS
        del labels["selection"]  # a case is not drawn from among others
    if instrument.modality is Modality.GROUP:
        labels |= _GROUP_LABELS
    return labels


def point_words(scale: Scale) -> dict[str, float]:
    """Every point of a scale as the drop-down says it: `4 – adequate`, or `5` without an anchor; none where it is typed.

    None either where there are more than a drop-down can offer: no form is written for such a scale.
    """
    if scale.n_points > MOST_OFFERED:
        return {}
    anchors = {float(point): word for point, word in scale.anchors.items()}
    return {_point_word(point, anchors.get(point)): point for point in scale.points}


def choices(instrument: Instrument, item: Item, scale: Scale) -> tuple[str, ...]:
    """What the drop-down of one cell offers: the points of the scale, then the marks allowed there."""
    return (*point_words(scale), *(MARK_WORDS[state] for state in instrument.marks(item, scale)))


def step_words(instrument: Instrument) -> tuple[str, ...]:
    """The instrument's steps, as `1 – Joint focus`; none when it has no ordered domain."""
    named = {s.element: i.title for i in reversed(instrument.items) for s in i.speaks_to}
    steps = [named.get(e.id, e.title) for e in instrument.steps]
    return tuple(step_word(k, title) for k, title in enumerate(steps, 1))


def step_word(position: int, title: str) -> str:
    """A step as the drop-down says it: `1 – Joint focus`."""
    return f"{position} – {title}"


def event_word(word: Described) -> str:
    """A word of the timeline's closed lists as the drop-down says it: `psychic equivalence`."""
    return str(word).replace("_", " ")


def fact_words(name: FieldName) -> tuple[str, ...]:
    """What the drop-down of a fact about the session offers."""
    return tuple(word.replace("_", " ") for word in FACT_WORDS[name])


def is_field_required(instrument: Instrument, field: FieldName) -> bool:
    """True when a rating without this field is held. A group has no one patient and may do without."""
    return field not in OPTIONAL and not (field == "patient_id" and instrument.modality is Modality.GROUP)


def form_layout(instrument: Instrument) -> Layout:
    """The layout of the form that `write_form` writes for this instrument."""
    return Layout(
        id=f"form-{instrument.id}"[:40],
        version=instrument.version,
        title=f"Rating form of {instrument.name}",
        instrument=instrument.id,
        instrument_version=instrument.version,
        shape="form",
        language="en",
        says=(marker(instrument),),
        missing=(NOT_USED_WORD,),
        marks={word: state for state, word in MARK_WORDS.items()},
        scale_codes={scale.id: point_words(scale) for scale in instrument.scales},
        sheet=SheetChoice(known=(TIMELINE_SHEET,)),
        fields=_fields(instrument),
        table=Table(
            levels=("scale",),
            ignore_columns=(ITEM_HEADER, CHECK_HEADER),
            until=(field_labels(instrument)["overall_comment"],),
        ),
        timeline=_timeline() if step_words(instrument) else None,
    )


def _timeline() -> Timeline:
    fields = {name: FieldSource(column=(header,)) for name, header in EVENT_HEADERS.items()}
    return Timeline(sheet=(TIMELINE_SHEET,), until=(TIMELINE_END,), fields=fields)


def _point_word(point: float, anchor: str | None) -> str:
    return f"{point:g} – {anchor}" if anchor else f"{point:g}"


def _fields(instrument: Instrument) -> dict[FieldName, FieldSource]:
    fields: dict[FieldName, FieldSource] = {}
    for name, label in field_labels(instrument).items():
        fields[name] = FieldSource(
            label=(label,),
            required=is_field_required(instrument, name),
            codes={word: str(code) for word, code in SELECTION_WORDS.items()} if name == "selection" else {},
            several=True if name == "therapist_id" and instrument.modality is Modality.GROUP else None,
        )
    fields["item"] = FieldSource(column=(NUMBER_HEADER,))
    fields["comment"] = FieldSource(column=(REMARK_HEADER,))
    return fields
