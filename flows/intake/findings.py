"""What is wrong in a sheet, where, and what the person who can mend it should do."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.codes import Code, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in one place, worded for the person who can mend it.

    `words` fills the sentence of the code; it never holds what stood in a cell.
    """

    code: Code
    sheet: str = ""
    cell: str = ""  # "C14"; "" when the whole sheet or workbook is meant
    words: dict[str, str] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """Error or warning."""
        return self.code.kind.severity

    @property
    def message(self) -> str:
        """The sentence, filled in."""
        words = {"suggestion": "", **self.words}
        return self.code.kind.sentence.format_map(words)


@dataclass(eq=False)  # not frozen: Python itself writes where an exception came from
class Refused(Exception):
    """A workbook that cannot be read; carried to the edge of one file's reading and recorded there."""

    code: Code
    suggestion: str = ""
