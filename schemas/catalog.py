"""The instruments and layouts that are active, read from TOML files in the shipped and the lab's own folders."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from pydantic import ValidationError

from flows.errors import FidelityError, InstrumentWrong, LayoutWrong
from schemas.guidance import Rule
from schemas.instrument import Element, Instrument, Version
from schemas.layout import REMARK_COLUMN, Layout

SHIPPED = Path(__file__).parent
P = TypeVar("P", Instrument, Layout, Rule)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Active instruments by (id, version), layouts and rules of guidance by id, each with the text it was read from."""

    instruments: Mapping[tuple[str, str], Instrument]
    layouts: Mapping[str, Layout]
    texts: Mapping[str, str]  # "instrument mbt-session 1.0", "layout north-form 1" or "rule …" -> the file's text
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def latest(self, instrument_id: str) -> Instrument:
        """The newest version of an instrument.

        Raises:
            InstrumentWrong: when there is none of that id.
        """
        versions = [i for (i_id, _), i in self.instruments.items() if i_id == instrument_id]
        if not versions:
            known = ", ".join(sorted({i for i, _ in self.instruments})) or "none"
            raise InstrumentWrong(f"There is no instrument {instrument_id}. Known: {known}.")
        return max(versions, key=lambda i: version_key(i.version))

    def instrument_of(self, layout: Layout) -> Instrument:
        """The instrument that a layout's sheets are filled in for."""
        if layout.instrument_version is None:
            return self.latest(layout.instrument)
        try:
            return self.instruments[layout.instrument, layout.instrument_version]
        except KeyError:
            raise LayoutWrong(
                f"Layout {layout.name} is for {layout.instrument} {layout.instrument_version}, which is not among the "
                "instruments. Add its file to schemas/instruments, or change the layout."
            ) from None

    def elements_of(self, instrument: Instrument) -> tuple[Element, ...]:
        """All elements an instrument reports on: its own, after those of its crosswalk."""
        if instrument.crosswalk is None:
            return instrument.elements
        other = self.instruments[instrument.crosswalk.instrument, instrument.crosswalk.version]
        return (*other.elements, *instrument.elements)

    def steps_of(self, instrument: Instrument) -> tuple[Element, ...]:
        """The steps that a timeline may note: its own, or where it has none those of the instrument it speaks to."""
        if instrument.steps or instrument.crosswalk is None:
            return instrument.steps
        return self.instruments[instrument.crosswalk.instrument, instrument.crosswalk.version].steps


def version_key(version: Version) -> tuple[int, ...]:
    """A version as numbers, so that 1.10 comes after 1.9."""
    return tuple(int(part) for part in version.split("."))


def load_catalog(homes: Iterable[Path]) -> Catalog:
    """Read `instruments/*.toml`, `layouts/*.toml` and `guidance/*.toml` below each folder of `homes`, after the shipped ones.

    Raises:
        InstrumentWrong, LayoutWrong: a file breaks a rule, or two different texts share an id and version.
    """
    folders = list(dict.fromkeys(folder.resolve() for folder in (SHIPPED, *homes)))
    texts: dict[str, str] = {}
    instruments: dict[tuple[str, str], Instrument] = {}
    layouts: dict[str, Layout] = {}
    for path in _toml_files(folders, "instruments"):
        instrument = read_instrument(path)
        _keep_text(texts, f"instrument {instrument.name}", path, InstrumentWrong)
        instruments[instrument.id, instrument.version] = instrument
    for instrument in instruments.values():
        check_crosswalk(instrument, instruments)
    for path in _toml_files(folders, "layouts"):
        layout = read_layout(path)
        if layout.id in layouts and layouts[layout.id].version != layout.version:
            raise LayoutWrong(
                f"Layout {layout.id} is there in versions {layouts[layout.id].version} and {layout.version}. Keep one of them."
            )
        _keep_text(texts, f"layout {layout.name}", path, LayoutWrong)
        layouts[layout.id] = layout
    rules: dict[str, Rule] = {}
    for path in _toml_files(folders, "guidance"):
        rule = _read(path, Rule, InstrumentWrong)
        rules[rule.id], texts[f"rule {rule.id}"] = rule, path.read_text(encoding="utf-8")  # the home's own wins
    catalog = Catalog(instruments, layouts, texts, rules)
    for layout in layouts.values():
        check_layout(layout, catalog)
    for rule in rules.values():
        check_rule(rule, instruments.values())
    return catalog


def catalog_of(texts: Mapping[str, str]) -> Catalog:
    """The catalog that was once read from these texts, by their names in `Catalog.texts`.

    Raises:
        InstrumentWrong, LayoutWrong: a text breaks a rule that it did not break then.
    """
    kept = [(name.partition(" ")[0], name, text) for name, text in texts.items()]
    read = [_parse(text, name, Instrument, InstrumentWrong) for kind, name, text in kept if kind == "instrument"]
    instruments = {(instrument.id, instrument.version): instrument for instrument in read}
    for instrument in read:
        check_crosswalk(instrument, instruments)
    layouts = [_parse(text, name, Layout, LayoutWrong) for kind, name, text in kept if kind == "layout"]
    rules = [_parse(text, name, Rule, InstrumentWrong) for kind, name, text in kept if kind == "rule"]
    catalog = Catalog(instruments, {layout.id: layout for layout in layouts}, dict(texts), {r.id: r for r in rules})
    for layout in layouts:
        check_layout(layout, catalog)
    return catalog


def read_instrument(path: Path) -> Instrument:
    """Read and check one instrument file; its crosswalk is checked when the catalog is put together."""
    return _read(path, Instrument, InstrumentWrong)


def read_layout(path: Path) -> Layout:
    """Read and check one layout file."""
    return _read(path, Layout, LayoutWrong)


def check_layout(layout: Layout, catalog: Catalog) -> None:
    """Raise LayoutWrong when a layout names an instrument, item or scale that is not there."""
    try:
        instrument = catalog.instrument_of(layout)
    except InstrumentWrong as wrong:
        raise LayoutWrong(f"Layout {layout.name}: {wrong}") from None
    if layout.timeline is not None and not catalog.steps_of(instrument):
        raise LayoutWrong(
            f"Layout {layout.name} has a timeline, but {instrument.name} has no ordered domain that one could follow. "
            "Name another instrument, or leave [timeline] out."
        )
    items, scales = {i.id for i in instrument.items}, {REMARK_COLUMN, *(s.id for s in instrument.scales)}
    named_items = {*layout.items.values(), *(s.item for s in layout.table.scores)}
    named_scales = {
        *layout.scales.values(),
        *layout.scale_codes,
        *layout.scale_marks,
        *(s.scale for s in layout.table.scores),
    }
    for what, named, known in (("item", named_items, items), ("scale", named_scales, scales)):
        if named - known:
            raise LayoutWrong(
                f"Layout {layout.name} names the {what} {min(named - known)}, which {instrument.name} does not have."
            )


def check_rule(rule: Rule, instruments: Iterable[Instrument]) -> None:
    """Raise InstrumentWrong when a rule asks for what no instrument has: it would never find anything, and nobody would know."""
    active = list(instruments)
    known = {
        "element": {e.id for i in active for e in i.elements},
        "domain": {d.id for i in active for d in i.domains},
        "item": {m.id for i in active for m in i.items},
    }
    for what, ids in known.items():
        unknown = {getattr(condition, what) for condition in rule.when} - ids - {None}
        if unknown:
            raise InstrumentWrong(
                f"Rule {rule.id} asks for the {what} {min(unknown)}, which no instrument has. Correct it."
            )


def check_crosswalk(instrument: Instrument, instruments: Mapping[tuple[str, str], Instrument]) -> None:
    """Raise InstrumentWrong when an instrument speaks to one that is not there, or to elements nobody has."""
    if instrument.crosswalk is None:
        return
    other = instruments.get((instrument.crosswalk.instrument, instrument.crosswalk.version))
    if other is None:
        raise InstrumentWrong(
            f"{instrument.name} speaks to {instrument.crosswalk.instrument} {instrument.crosswalk.version}, which is not there. "
            "Add that instrument's file, or correct [crosswalk]."
        )
    if other.crosswalk is not None:
        raise InstrumentWrong(
            f"{instrument.name} speaks to {other.name}, which itself speaks to another. Name the last one."
        )
    twice = {e.id for e in instrument.elements} & {e.id for e in other.elements}
    if twice:
        raise InstrumentWrong(
            f"{instrument.name} writes the element {min(twice)} again, which {other.name} has. Remove it."
        )
    try:
        instrument.check_items_speak_to({e.id for e in (*instrument.elements, *other.elements)})
    except ValueError as wrong:
        raise InstrumentWrong(f"{instrument.name}: {wrong}.") from None


def _toml_files(folders: Iterable[Path], kind: str) -> list[Path]:
    return [path for folder in folders for path in sorted((folder / kind).glob("*.toml"))]


def _keep_text(texts: dict[str, str], key: str, path: Path, error: type[FidelityError]) -> None:
    text = path.read_text(encoding="utf-8")
    if texts.setdefault(key, text) != text:
        raise error(f"Two different texts claim to be {key}; one is {path.name}. Give the changed one a new version.")


def _read(path: Path, model: type[P], error: type[FidelityError]) -> P:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise error(f"There is no file {path.name} to read.") from None
    except UnicodeDecodeError as wrong:
        raise error(f"{path.name} is not valid TOML: {wrong}.") from None
    return _parse(text, path.name, model, error)


def _parse(text: str, name: str, model: type[P], error: type[FidelityError]) -> P:
    try:
        return cast("P", _described(text, model))
    except tomllib.TOMLDecodeError as wrong:
        raise error(f"{name} is not valid TOML: {wrong}.") from None
    except ValidationError as wrong:
        raise error(f"{name}: {'; '.join(plain_words(wrong))}.") from None


@lru_cache(maxsize=256)
def _described(text: str, model: type[P]) -> P:
    """What a text describes; it is frozen, so a process that asks for the catalog again reads each text once."""
    return model.model_validate(tomllib.loads(text))


def plain_words(wrong: ValidationError) -> list[str]:
    """What pydantic found, one plain sentence a mistake, naming the place as it is written in the file."""
    return [_plain(list(e["loc"]), e["type"], e["msg"]) for e in wrong.errors(include_url=False, include_input=False)]


# pydantic's own sentences speak of patterns and tuples to people who have written a text file.
PLAIN_WORDS = {
    "string_pattern_mismatch": "is not written in the form that is needed here (ids: small letters, digits, - and _, "
    "a letter first; versions: numbers and points, in quotes)",
    "string_type": "must be text in quotes",
    "string_too_short": "is empty",
    "string_too_long": "is too long; 400 characters are the most",
    "too_short": "needs at least one entry",
    "finite_number": "must be an ordinary number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list, in square brackets",
    "dict_type": "must be a table of names and values",
    "model_type": "must be a table of names and values",
}


def _plain(place: list[int | str], kind: str, message: str) -> str:
    where = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
    if kind == "missing":
        return f"{where} is missing"
    if kind == "extra_forbidden":
        return f"{where} is not a known key"
    message = PLAIN_WORDS.get(kind, message.removeprefix("Value error, "))
    return f"{where}: {message}" if where else message
