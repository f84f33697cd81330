"""`make kedb-quality`: the search of known errors against the labelled set, by kind and part.

With --misses it also lists what was not found among the first three, of the part for tuning only.
"""

import argparse
import asyncio
from collections.abc import Sequence

from shared.auth.roles import Role
from shared.embedded import EmbeddedPostgres
from tests.problem.known_errors.quality.labelled import KINDS
from tests.problem.known_errors.quality.measured import Answered, ask, fill, quality
from tests.problem.known_errors.small import SMALL, known_by_meaning, with_embedder
from tests.support.postgres import Databases, new_home, remove_home


async def _answered(embedder: str | None) -> list[Answered]:
    home = new_home()
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    try:
        async with (
            with_embedder(Databases(server), embedder) as service,
            service.client(Role.ADMIN) as client,
        ):
            await fill(client)
            await known_by_meaning(service)
            return await ask(client)
    finally:
        server.stop()
        remove_home(home)


def _report(answered: Sequence[Answered]) -> None:
    print(f"{'':14}{'part':10}{'count':>6}{'recall@1':>10}{'recall@3':>10}{'mrr':>8}")
    for kind in KINDS.values():
        for part, held_out in (("tuning", False), ("held out", True)):
            of = [a for a in answered if a.question[::3] == (kind, held_out)]
            found = quality(of)
            shown = f"{found.recall_1:10.3f}{found.recall_3:10.3f}{found.mrr:8.3f}"
            print(f"{kind:14}{part:10}{found.asked:6}{shown}")


def _misses(answered: Sequence[Answered]) -> None:
    for question, place in answered:
        if not question.held_out and (place is None or place > 3):
            print(f"{question.kind:12}{place or '-':>3}  {question.asked}  <-  {question.answer}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--embedder", help="module:function; a small one of the tests if not told")
    asked = parser.parse_args()
    for name, embedder in (("without", None), ("with", asked.embedder or SMALL)):
        answered = asyncio.run(_answered(embedder))
        print(f"{name} an embedder{f': {embedder}' if embedder else ''}")
        _report(answered)
        if asked.misses and embedder is None:
            _misses(answered)


if __name__ == "__main__":
    main()
