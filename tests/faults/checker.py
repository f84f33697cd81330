"""Judges a run by two things only: what clients were promised, and the log as it is exported."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.faults.load import History


def broken_promises(history: History, log: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong; `log` are the CloudEvents of the whole feed in the order they were read."""
    found = Counter(event["correlationid"] for event in log)
    wrong = [f"lost: {c}" for c in history.acknowledged if found[c] == 0]
    wrong += [f"doubled: {c}" for c in found if found[c] > 1]
    positions = [event["position"] for event in log]
    if positions != sorted(set(positions)):
        wrong.append("positions go back or repeat")
    versions: dict[str, int] = {}
    for event in log:
        expected = versions.get(event["subject"], 0) + 1
        if event["version"] != expected:
            wrong.append(f"{event['subject']}: version {event['version']} instead of {expected}")
        versions[event["subject"]] = event["version"]
    return wrong
