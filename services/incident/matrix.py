"""The priority matrix: impact and urgency to priority, as data of any size."""

from itertools import product
from typing import Any

from shared.domain import State
from shared.errors import Invalid

DEFAULT: dict[str, int] = {
    "11": 1, "12": 2, "13": 3, "21": 2, "22": 3, "23": 4, "31": 3, "32": 4, "33": 5,
}  # fmt: skip


class Matrix(State, frozen=True):
    """One version of the matrix; `cells` maps impact and urgency, two digits, to a priority."""

    version: int
    cells: dict[str, int]

    def priority(self, impact: int, urgency: int) -> int:
        """The priority of this impact and urgency. Raises Invalid where there is none."""
        found = self.cells.get(f"{impact}{urgency}")
        if found is None:
            raise _unknown(self.cells, impact)
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
    impacts, urgencies = (max(int(cell[place]) for cell in cells) for place in (0, 1))
    wanted = product(range(1, impacts + 1), range(1, urgencies + 1))
    holes = [f"{i}{u}" for i, u in wanted if f"{i}{u}" not in cells]
    if holes:
        raise Invalid(("/cells", f"the matrix has holes at {', '.join(holes)}"))


def _unknown(cells: dict[str, int], impact: int) -> Invalid:
    impacts, urgencies = (max(int(cell[place]) for cell in cells) for place in (0, 1))
    where = "/impact" if impact > impacts else "/urgency"
    levels = f"levels 1 to {impacts} of impact and 1 to {urgencies} of urgency"
    return Invalid((where, f"the matrix has {levels}"))
