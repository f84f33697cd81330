"""The page on lists says what the code takes. TOCSIN_WRITE_DOCS=1 writes it anew."""

import os
from collections.abc import Iterator
from typing import Any

from services.incident.lists.filters import SORT_NAMES, IncidentFilters
from tests.support.postgres import ROOT

PAGE = ROOT / "docs" / "lists.md"
MARK = "<!-- made of the code: tests/incident/lists/test_reference.py says how -->\n"


def reference() -> Iterator[str]:
    schema = IncidentFilters.model_json_schema()
    yield "| filter | takes | meaning |\n|---|---|---|\n"
    for name, field in schema["properties"].items():
        kinds = [kind for kind in field["anyOf"] if kind.get("type") != "null"]
        taken = " or ".join(dict.fromkeys(taken_by(kind, schema["$defs"]) for kind in kinds))
        yield f"| `{name}` | {taken} | {field.get('description', '')} |\n"
    names = ", ".join(f"`{name}`" for name in SORT_NAMES if not name.startswith("-"))
    yield f"\n## Orders\n\n`sort=` takes {names}.\n"
    yield "With `-` before it the other way round, but for relevance. What has no value comes\n"
    yield "last (with `-priority` first); what is alike in it is ordered by id.\n"


def taken_by(kind: dict[str, Any], known: dict[str, Any]) -> str:
    if "$ref" in kind:
        return taken_by(known[kind["$ref"].rpartition("/")[2]], known)
    if inner := kind.get("anyOf") or ([kind["items"]] if "items" in kind else []):
        return ", ".join(taken_by(each, known) for each in inner)
    if values := kind.get("enum") or ([kind["const"]] if "const" in kind else []):
        return ", ".join(f"`{value}`" for value in values)
    plain = {"boolean": "`true` or `false`", "string": "text", "integer": "1 to 9"}
    return "a time" if kind.get("format") == "date-time" else plain[kind["type"]]


def test_the_page_says_what_the_code_takes() -> None:
    head, _, said = PAGE.read_text().partition(MARK)
    wanted = "\n" + "".join(reference())
    if os.environ.get("TOCSIN_WRITE_DOCS"):
        PAGE.write_text(head + MARK + wanted)
        return
    assert said == wanted
