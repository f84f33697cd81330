"""What is listed, searched and counted of known errors is what the log says."""

from pathlib import Path

from services.cli.rebuild import rebuilt_models
from services.problem.app import DEFINITION
from shared.client import AsyncClient
from tests.problem.conftest import Feed
from tests.problem.known_errors.test_api import published
from tests.problem.known_errors.test_search import hits
from tests.support.service import RunningService
from tests.support.started import rows

_WORDS = "select word, stem, documents from known_error_words where documents > 0 order by word"


async def test_a_rebuild_finds_nothing_to_change_and_counts_the_same_words(
    manager: AsyncClient, feed: Feed, problem_service: RunningService, tmp_path: Path
) -> None:
    fact = feed.declared()
    await feed.hear(fact)
    path = await published(manager, title="Giraffe coughs", symptom="It coughs")
    await manager.post(f"{path}/revise", json={"symptom": "It sneezes", "cause": "Pollen"})
    used = {"incident": str(fact.subject), "helped": True}
    await manager.post(f"{path}/record-use", json=used)
    gone = await published(manager, title="Giraffe limps")
    await manager.post(f"{gone}/retire", json={"reason": "It runs"})
    before = await rows(problem_service.database, _WORDS)
    rebuilt = await rebuilt_models(DEFINITION, problem_service.settings, keep=True)
    of_ours = {name: n for name, n in rebuilt.differences.items() if "known_error" in name}
    assert set(of_ours.values()) == {0}, of_ours
    assert len(of_ours) == 3
    assert await rows(problem_service.database, _WORDS) == before
    assert [hit["title"] for hit in await hits(manager, "girafe sneezes")] == ["Giraffe coughs"]
    assert (await manager.get(path)).json()["uses"] == {"offered": 0, "used": 1, "helped": 1}
