"""The formulas as a table for people: `docs/metrics.md` holds it, and a test holds it to this."""

from services.incident.metrics.formulas import FORMULAS, Formula

_HEAD = """| name | formula | version | of each incident | needs | in a period by |
|---|---|---|---|---|---|"""


def table() -> str:
    """One line a formula, in Markdown."""
    return "\n".join([_HEAD, *map(_line, FORMULAS.values())])


def _line(formula: Formula) -> str:
    needs = ", ".join(each.removeprefix("last_") for each in formula.needs) or "nothing"
    placed = formula.placed.removeprefix("last_")
    cells = (
        formula.name, f"`{formula.id}`", str(formula.version), f"{formula.text} ({formula.unit})",
        needs, placed,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"
