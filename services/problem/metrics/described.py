"""The formulas as a table for people: `docs/problems.md` holds it, and a test holds it to this."""

from services.problem.metrics.formulas import FORMULAS, Formula

_HEAD = """| name | formula | version | what it is | needs | in a period by |
|---|---|---|---|---|---|"""


def table() -> str:
    """One line a formula, in Markdown."""
    return "\n".join([_HEAD, *map(_line, FORMULAS.values())])


def _line(formula: Formula) -> str:
    needs = ", ".join(formula.needs) or "nothing"
    cells = (
        formula.name, f"`{formula.id}`", str(formula.version), f"{formula.text} ({formula.unit})",
        needs, formula.placed,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"
