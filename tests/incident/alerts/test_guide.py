"""The guide's requests, run as they are printed."""

import json
import re
from pathlib import Path
from typing import Any

from tests.incident.alerts.desk import open_desk
from tests.support.postgres import ROOT, Databases

_GUIDE = Path(ROOT) / "docs" / "alerts.md"
_REQUEST = re.compile(r"```http\n([A-Z]+) (\S+)\n\n(.*?)```\n(?:```answer\n(.*?)```)?", re.DOTALL)


async def test_every_request_of_the_guide_does_what_it_says(databases: Databases) -> None:
    found = _REQUEST.findall(_GUIDE.read_text())
    assert len(found) == 3
    async with open_desk(databases) as desk:
        client = desk.service.client("admin")
        for method, path, body, expected in found:
            answer = await client.request(method, path, json=json.loads(body))
            assert answer.status_code == 200, answer.text
            assert holds(answer.json(), json.loads(expected or "{}")), answer.text


def holds(told: Any, expected: Any) -> bool:
    """Whether everything that is expected is told."""
    if isinstance(expected, dict):
        return all(name in told and holds(told[name], value) for name, value in expected.items())
    if isinstance(expected, list):
        return len(told) == len(expected) and all(map(holds, told, expected))
    return bool(told == expected)
