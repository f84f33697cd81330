"""The rules of a known error, without I/O."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.problem.known_errors import events as e
from services.problem.known_errors import known_error
from services.problem.known_errors.known_error import COMMANDS, KnownError, KnownErrorStatus
from services.problem.known_errors.ledger import EXPIRY, KNOWN_ERROR
from shared.aggregate import Alarm
from tests.problem.stories import NOON
from tests.support.scenario import Scenario

OTHER = UUID(int=7)
LATER = NOON + timedelta(days=30)
SAID: dict[str, Any] = {
    "title": "VPN drops",
    "symptom": "The tunnel is cut",
    "workaround": "Dial again",
}
published = e.Published(number=1, title="VPN drops", revision=1, at=NOON)

nothing = Scenario(known_error.evolve, KnownError())
draft = nothing.given(e.Drafted(number=1, **SAID))
live = draft.given(published)
superseded = live.given(e.Superseded(by=OTHER, number=9))
retired = live.given(e.Retired(reason="Fixed everywhere"))


def test_a_draft_is_published_and_counts_its_revisions() -> None:
    draft.when(known_error.publish, at=NOON).then(published)
    revised = e.Revised(revision=2, at=NOON, **SAID)
    live.when(known_error.revise, at=NOON, **SAID).then(revised)
    assert live.given(revised).state.revision == 2
    draft.when(known_error.revise, at=NOON, **SAID).then(e.Revised(revision=0, at=NOON, **SAID))


def test_to_publish_again_changes_nothing() -> None:
    live.when(known_error.publish, at=NOON).then()
    retired.when(known_error.retire, reason="Again").then()


def test_what_helps_nobody_is_not_published() -> None:
    bare = nothing.given(e.Drafted(number=1, title="VPN drops"))
    bare.when(known_error.publish, at=NOON).refused("not ready")
    half = nothing.given(e.Drafted(number=1, title="VPN drops", symptom="Cut"))
    half.when(known_error.publish, at=NOON).refused("not ready")
    live.when(known_error.revise, at=NOON, title="VPN drops").refused("not ready")


def test_what_is_over_already_is_not_published() -> None:
    over = nothing.given(e.Drafted(number=1, valid_to=NOON, **SAID))
    over.when(known_error.publish, at=NOON).refused("not ready")


def test_each_command_is_refused_with_a_reason_where_it_is_not_possible() -> None:
    stories = {
        KnownErrorStatus.DRAFT: draft,
        KnownErrorStatus.PUBLISHED: live,
        KnownErrorStatus.SUPERSEDED: superseded,
        KnownErrorStatus.RETIRED: retired,
    }
    for command, possible in COMMANDS.items():
        for status, story in stories.items():
            reason = known_error.refusal(story.state, command)
            assert (reason is None) is (status in possible), (command, status)
    assert "KE-9" in str(known_error.refusal(superseded.state, "revise"))


def test_it_expires_unless_it_has_ended_or_was_given_more_time() -> None:
    timed = nothing.given(e.Drafted(number=1, valid_to=LATER, **SAID), published)
    timed.when(known_error.expire, now=LATER).then(e.Retired(expired=True))
    timed.when(known_error.expire, now=NOON).then()
    timed.given(e.Retired(reason="So")).when(known_error.expire, now=LATER).then()
    longer = timed.given(e.Revised(revision=2, at=NOON, valid_to=LATER + timedelta(1), **SAID))
    longer.when(known_error.expire, now=LATER).then()


def test_its_timer_is_armed_put_off_and_cancelled() -> None:
    timed = nothing.given(e.Drafted(number=1, valid_to=LATER, **SAID))

    def alarms(before: Scenario[KnownError], event: e.KnownErrorEvent) -> list[Alarm]:
        after = known_error.evolve(before.state, event)
        return list(KNOWN_ERROR.alarms(before.state, event, after))

    assert alarms(timed, published) == [Alarm(EXPIRY, timedelta(days=30))]
    running = timed.given(published)
    endless = e.Revised(revision=2, at=NOON, **SAID)
    assert alarms(running, endless) == [Alarm(EXPIRY, None)]
    assert alarms(running, e.Retired(reason="So")) == [Alarm(EXPIRY, None)]
    assert alarms(draft, published) == []
    assert alarms(live, e.Retired(reason="So")) == []


def test_a_fix_is_marked_once() -> None:
    live.when(known_error.mark_fixed, note="7.3").then(e.FixMarked(note="7.3"))
    live.given(e.FixMarked()).when(known_error.mark_fixed).then()
    assert live.given(e.FixMarked()).state.status is KnownErrorStatus.PUBLISHED
