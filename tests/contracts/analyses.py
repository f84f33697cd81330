"""Something real to edit: a root cause analysis in which each command on analyses is possible."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.contracts.scene import Staged

Post = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

TREE: dict[str, Any] = {
    "question": "The checkout is slow",
    "method": "fault_tree",
    "faults": [
        {"fault": "Pool dry", "gate": "or"},
        {"fault": "Leak", "under": 1},
        {"fault": "Old"},
    ],
}
WHYS: dict[str, Any] = {"question": "Why?", "whys": [{"answer": "The pool"}, {"answer": "Load"}]}
BODIES: dict[str, dict[str, Any]] = {
    "revise": {"node": 1, "text": "The pool is dry", "gate": None},
    "move": {"node": 1, "under": None, "before": 2, "category": None},
    "join": {"node": 3, "under": 1},
    "judge": {"node": 2, "occurred": True, "standing": None},
    "remove": {"node": 1},
    "conclude": {"nodes": [1]},
    "take-up": {},
}


async def analysis(post: Post, problem: str, command: str) -> Staged:
    """The scene for a command on an analysis of this problem."""
    path = f"/v1/problems/{problem}"
    begun = await post(f"{path}/analyse", TREE if command in ("join", "judge") else WHYS)
    found = begun["analyses"][0]["id"]
    if command == "take-up":
        await post(f"{path}/analyses/{found}/conclude", {"conclusion": "The pool"})
    return Staged({"id": problem, "analysis": found}, BODIES.get(command, {}))


def body_of(command: str) -> dict[str, Any]:
    """What must be real in a command on the problem itself."""
    if command == "analyse":
        kinds = ("whys", "facts", "causes", "faults", "tests", "hypotheses")
        begins = {"analysis": None, "question": "Why?", "method": None, "gate": None}
        return begins | {kind: [] for kind in kinds}
    found: dict[str, dict[str, Any]] = {
        "add-hypothesis": {"analysis": None},
        "record-root-cause": {"nodes": [], "evidence": ["dump"]},
    }
    return found.get(command, {})
