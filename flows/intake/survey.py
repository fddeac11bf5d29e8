"""What a sheet holds and how far it reaches, told before a reader makes a rectangle of it.

The reader reserves every cell between the first and the last, so that one stray cell aborts it, and gives errors
(`#N/A`) and formulas that were never calculated as blanks. A survey knows both; `flows.intake.markup` and
`flows.intake.records` make it from the bytes of each format.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field

from flows.intake.cells import ERROR_CELL, UNCALCULATED_CELL
from flows.intake.findings import Refused
from flows.intake.text import address
from schemas.codes import Code

Place = tuple[int, int]  # 0-based row and column


class Broken(ValueError):
    """The bytes of a sheet contradict themselves."""


@dataclass(slots=True)
class Survey:
    """One sheet: how many of its cells hold something, how far they reach, and which of them read as blank although they do."""

    name: str
    most_cells: int
    n_cells: int = 0
    n_rows: int = 0
    n_columns: int = 0
    farthest: Place = (0, 0)
    odd: dict[Place, str] = field(default_factory=dict)  # ERROR_CELL or UNCALCULATED_CELL

    def add(self, row: int, column: int, n_rows: int = 1, n_columns: int = 1) -> None:
        """Note a cell that holds something, or several with the same content.

        Raises:
            Refused: there are more cells than may be.
        """
        self.n_cells += n_rows * n_columns
        last_row, last_column = row + n_rows, column + n_columns
        if last_row * last_column > (self.farthest[0] + 1) * (self.farthest[1] + 1):
            self.farthest = last_row - 1, last_column - 1
        self.n_rows, self.n_columns = max(self.n_rows, last_row), max(self.n_columns, last_column)
        if self.n_cells > self.most_cells:
            raise Refused(Code.TOO_MANY_CELLS)

    def is_error(self, row: int, column: int) -> None:
        """Note a cell that holds an error value."""
        self.odd[row, column] = ERROR_CELL

    def is_uncalculated(self, row: int, column: int) -> None:
        """Note a formula without a result."""
        self.odd[row, column] = UNCALCULATED_CELL

    def check(self) -> None:
        """Refuse a sheet whose rectangle would be too large, and name the cell that makes it so.

        Raises:
            Refused: with the stray cell's name, and its sheet's.
        """
        if self.n_rows * self.n_columns > self.most_cells:
            cell = address(*self.farthest)
            raise Refused(Code.STRAY_CELL, f", in cell {cell}")


def unpacked(packed: zipfile.ZipFile, name: str) -> bytes:
    """A member's bytes, and never more of them than its directory says, whatever it really unpacks to.

    Raises:
        zipfile.BadZipFile: they are not what their checksum says.
    """
    with packed.open(name) as member:  # a plain read() unpacks all at once before it looks at the size
        return member.read(packed.getinfo(name).file_size)
