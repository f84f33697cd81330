"""The priority matrix as the incident service has told it: impact and urgency to priority."""

from typing import Any

from shared.domain import State
from shared.errors import Invalid, Refused

DEFAULT = {f"{i}{u}": i + u - 1 for i in (1, 2, 3) for u in (1, 2, 3)}
"""In force until another has been told: the field's, of three levels."""


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

    def known(self, priority: int) -> int:
        """This priority. Raises Refused where the matrix leads to no such one."""
        if priority not in self.cells.values():
            known = ", ".join(map(str, sorted(set(self.cells.values()))))
            raise Refused(f"the matrix knows the priorities {known}")
        return priority


def matrix_of(document: dict[str, Any] | None, version: int) -> Matrix:
    """The matrix of a followed document; the field's default where none was told."""
    return Matrix(version=version, cells=document["cells"] if document else DEFAULT)


def _unknown(cells: dict[str, int], impact: int) -> Invalid:
    impacts, urgencies = (max(int(cell[place]) for cell in cells) for place in (0, 1))
    where = "/impact" if impact > impacts else "/urgency"
    levels = f"levels 1 to {impacts} of impact and 1 to {urgencies} of urgency"
    return Invalid((where, f"the matrix has {levels}"))
