"""All clocks of an incident, from its steps and the rules in force: a pure fold."""

from collections.abc import Callable, Iterable, Mapping

from services.incident.clocks.clock import Clock
from services.incident.clocks.rules import Kind, OnChange, Rules, Target
from services.incident.clocks.steps import Step, Turn
from services.incident.rules import Status

RulesAt = Callable[[int], Rules]
"""The rules in force at a position of the log."""

_ENDS = {"acknowledged": Turn.ACKNOWLEDGE, "resolved": Turn.RESOLVE}


class Fold:
    """Takes an incident's steps, one after the other."""

    def __init__(self, rules_at: RulesAt) -> None:
        self.clocks: list[Clock] = []
        self._rules_at = rules_at
        self._current: dict[Kind, Clock] = {}
        self._began: Step | None = None
        self._course: list[Step] = []  # what a clock that counts from the declaration goes through
        self._hold: Step | None = None

    def take(self, step: Step) -> None:
        """Let time pass until this became known, then take it in."""
        for clock in self._current.values():
            clock.pass_to(step.known)
        if step.turn in (Turn.WARNED, Turn.BREACHED):
            self._note(step)
        elif step.turn is Turn.BEGIN:
            self._began = self._began or step
            self._choose(step)
        elif step.turn is Turn.TRAITS:
            self._choose(step)
        else:
            step = self._held(step)
            self._course.append(step)
            for clock in self._current.values():
                _through(clock, step)
            if step.turn in (Turn.REOPEN, Turn.RESTORE):
                self._choose(step)

    def _note(self, step: Step) -> None:
        for clock in self.clocks:
            if (clock.kind, clock.round) == step.clock:
                clock.note(step, is_breach=step.turn is Turn.BREACHED)

    def _choose(self, step: Step) -> None:
        rules = self._rules_at(step.position)
        for kind in Kind:
            current, target = self._current.get(kind), rules.choose(kind, step.traits)
            if current is None and target is not None:
                self._begin(target, rules, step, is_retroactive=True)
            elif current is not None and current.is_live and _differ(target, current.target):
                self._change(current, target, rules, step)

    def _change(self, current: Clock, target: Target | None, rules: Rules, step: Step) -> None:
        on_change = current.target.on_change
        if on_change is OnChange.KEEP:
            return
        current.cancel(step)
        if target is None:
            del self._current[current.kind]
        else:
            is_retroactive = on_change is OnChange.RESET_RETROACTIVE
            self._begin(target, rules, step, is_retroactive=is_retroactive)

    def _begin(self, target: Target, rules: Rules, step: Step, *, is_retroactive: bool) -> None:
        if self._began is None:
            return
        number = sum(clock.kind is target.kind for clock in self.clocks)
        began = self._began if is_retroactive else step
        clock = Clock(target, rules.version, number, chosen=step, began=began)
        found = [] if self._hold is None else [self._hold]
        for earlier in self._course if is_retroactive else found:
            _through(clock, earlier)
        clock.pass_to(step.known)
        self.clocks.append(clock)
        self._current[target.kind] = clock

    def _held(self, step: Step) -> Step:
        """Keep the hold that goes on; a restored incident goes on with the one it had."""
        if step.turn is Turn.HOLD:
            self._hold = step
        elif step.turn is Turn.RESTORE and step.status == Status.ON_HOLD:
            return step._replace(hold=self._hold and self._hold.hold)
        elif step.turn not in (Turn.CORRECT, Turn.CANCEL):
            self._hold = None
        return step


def fold(steps: Iterable[Step], rules_at: RulesAt) -> list[Clock]:
    """The clocks after these steps, in the order in which they began."""
    folding = Fold(rules_at)
    for step in steps:
        folding.take(step)
    return folding.clocks


def _differ(one: Target | None, other: Target) -> bool:
    return one != other


def _through(clock: Clock, step: Step) -> None:
    if (effect := _EFFECTS.get(step.turn)) is not None:
        effect(clock, step)


def _run(clock: Clock, step: Step) -> None:
    clock.turn(step, runs=True)


def _hold(clock: Clock, step: Step) -> None:
    clock.turn(step, runs=not _pauses(clock, step))


def _acknowledge(clock: Clock, step: Step) -> None:
    if clock.kind is Kind.RESPONSE:
        clock.stop(step)
    else:
        clock.turn(step, runs=True)


def _reopen(clock: Clock, step: Step) -> None:
    if clock.kind is Kind.RESOLUTION:
        clock.take_up(step, runs=True)


def _restore(clock: Clock, step: Step) -> None:
    if clock.cancelled is not None:
        clock.take_up(step, runs=not _pauses(clock, step))


def _correct(clock: Clock, step: Step) -> None:
    if clock.stopped is not None and clock.stopped.turn is _ENDS.get(step.milestone):
        clock.correct(step)
    elif step.milestone == "acknowledged" and clock.kind is Kind.RESPONSE:
        clock.stop(step._replace(turn=Turn.ACKNOWLEDGE))


def _pauses(clock: Clock, step: Step) -> bool:
    """A hold whose reason nobody has stated pauses whatever any hold pauses."""
    if step.hold is not None:
        return step.hold in clock.target.pauses_on
    return step.status in ("", Status.ON_HOLD) and bool(clock.target.pauses_on)


_EFFECTS: Mapping[Turn, Callable[[Clock, Step], None]] = {
    Turn.WORK: _run,
    Turn.HOLD: _hold,
    Turn.ACKNOWLEDGE: _acknowledge,
    Turn.RESOLVE: lambda clock, step: clock.stop(step),
    Turn.REOPEN: _reopen,
    Turn.CANCEL: lambda clock, step: clock.cancel(step),
    Turn.RESTORE: _restore,
    Turn.CORRECT: _correct,
}
