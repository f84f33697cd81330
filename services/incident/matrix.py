"""The priority matrix: impact and urgency to priority, as data of any size."""

from itertools import product
from typing import Any

from shared.domain import State
from shared.errors import Invalid

DEFAULT: dict[str, int] = {
    "11": 1, "12": 2, "13": 3, "21": 2, "22": 3, "23": 4, "31": 3, "32": 4, "33": 5,
}  # fmt: skip
MOST_LEVELS = 9


class Matrix(State, frozen=True):
    """One version of the matrix; `cells` maps impact and urgency, two digits, to a priority."""

    version: int
    cells: dict[str, int]

    def priority(self, impact: int, urgency: int) -> int:
        """The priority of this impact and urgency. Raises Invalid where there is none."""
        found = self.cells.get(f"{impact}{urgency}")
        if found is None:
            levels = max(int(cell[0]) for cell in self.cells)
            raise Invalid(("/impact", f"the matrix has levels 1 to {levels} of impact and urgency"))
        return found

    @property
    def priorities(self) -> frozenset[int]:
        """The priorities it may lead to."""
        return frozenset(self.cells.values())


def matrix_of(document: dict[str, Any] | None, version: int) -> Matrix:
    """The matrix of a stored policy document; the field's 3-level default where none was set."""
    return Matrix(version=version, cells=document["cells"] if document else DEFAULT)


def check_matrix(cells: dict[str, int]) -> None:
    """Raises Invalid unless every impact meets every urgency: a matrix has no holes."""
    levels = {int(digit) for cell in cells for digit in cell}
    missing = [f"{i}{u}" for i, u in product(range(1, max(levels) + 1), repeat=2)]
    holes = [cell for cell in missing if cell not in cells]
    if holes:
        raise Invalid(("/cells", f"the matrix has holes at {', '.join(holes)}"))
