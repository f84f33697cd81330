"""What people read of the formulas is what is computed."""

from pathlib import Path

from services.incident.metrics.described import table

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_document_holds_the_formulas() -> None:
    assert table() in DOCUMENT.read_text()
