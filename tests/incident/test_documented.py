"""The documentation's tables are those of the code."""

from pathlib import Path

from services.incident.documented import page


def test_the_page_of_commands_is_drawn_from_the_rules() -> None:
    written = Path("docs/incident-commands.md").read_text(encoding="utf-8")
    assert written == page(), "python -m services.incident.documented > docs/incident-commands.md"
