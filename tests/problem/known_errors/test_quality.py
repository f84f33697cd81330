"""The search answers the labelled set well enough; `make kedb-quality` prints the whole report."""

import pytest

from tests.problem.known_errors.quality.labelled import known_errors, questions
from tests.problem.known_errors.quality.measured import ask, fill, quality
from tests.support.postgres import Databases
from tests.support.started import started

FLOORS = {"slips": 0.9, "codes": 0.9, "other words": 0.6}


def test_the_set_is_large_enough() -> None:
    assert len(known_errors()) >= 200
    assert len(questions()) >= 300
    titles = [each["title"] for each in known_errors()]
    assert len(set(titles)) == len(titles)


@pytest.mark.timeout(300)
async def test_each_kind_of_question_is_answered(databases: Databases) -> None:
    async with started("problem", databases) as service, service.client() as client:
        await fill(client)
        answered = await ask(client)
    for kind, floor in FLOORS.items():
        for held_out in (False, True):
            of = [each for each in answered if each.question[::3] == (kind, held_out)]
            assert quality(of).recall_3 >= floor, (kind, held_out)
