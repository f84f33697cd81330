"""One clock: the time it ran and was paused, when it is due, and how it ended."""

from typing import NamedTuple

from services.incident.clocks.rules import Kind, Target
from services.incident.clocks.steps import Step


class Segment(NamedTuple):
    """Time of one sort, and the step that began it; `counted` is its working time while it ran."""

    begin: int
    end: int
    is_running: bool
    counted: int
    because: Step


class Going(NamedTuple):
    """The segment that goes on."""

    begin: int
    is_running: bool
    because: Step


class Verdict(NamedTuple):
    """Met or breached, and when."""

    is_met: bool
    at: int


class Course(NamedTuple):
    """What has passed, and what goes on unless the clock has ended; `over` is when, within what
    has passed, its time was over and it ran on."""

    passed: tuple[Segment, ...] = ()
    going: Going | None = None
    spent: int = 0
    over: int | None = None


class Clock:
    """Told step by step, in the order in which the steps became known.

    What was known decides the recorded verdict: a breach that nobody had prevented by the time it
    was due stays one. What is known later (a milestone that was stated late, or corrected) changes
    what is measured, and with it `corrected`.
    """

    def __init__(
        self, target: Target, version: int, number: int, *, chosen: Step, began: Step
    ) -> None:
        self.target = target
        self.version = version
        self.round = number
        self.chosen = chosen
        self.started = began.at
        self.course = Course(going=Going(began.at, True, began))
        self.stopped: Step | None = None
        self.cancelled: Step | None = None
        self.recorded: Verdict | None = None
        self.warned: Step | None = None
        self.breach: Step | None = None  # the machine's record of it
        self._floor = began.at  # no end lies before
        self._whole = self.course  # as it would have gone on without its end

    @property
    def kind(self) -> Kind:
        """Response or resolution."""
        return self.target.kind

    @property
    def is_live(self) -> bool:
        """Whether it may still run."""
        return self.stopped is None and self.cancelled is None

    @property
    def ended_at(self) -> int | None:
        """When its milestone was reached, or nobody waited for it any more."""
        end = self.stopped or self.cancelled
        return None if end is None else max(end.at, self._floor)

    @property
    def is_breached(self) -> bool:
        """Whether its breach is recorded; that stays."""
        return self.recorded is not None and not self.recorded.is_met

    def breached_at(self, now: int) -> int | None:
        """When it was breached, as known at this moment."""
        if self.is_breached and self.recorded is not None:
            return self.recorded.at
        due = self.due()
        return self._in_force(due) if self.is_live and due is not None and due <= now else None

    def state(self, now: int) -> str:
        """Running, paused, met, breached or cancelled; a recorded breach stays one."""
        if self.breached_at(now) is not None:
            return "breached"
        if not self.is_live:
            return "cancelled" if self.stopped is None else "met"
        return "running" if self.course.going and self.course.going.is_running else "paused"

    def pass_to(self, known: int) -> None:
        """As far as is known, nothing has stopped it until then."""
        due = self.due()
        if self.is_live and due is not None and due < known and not self.is_breached:
            self.recorded = Verdict(False, self._in_force(due))

    def turn(self, step: Step, *, runs: bool) -> None:
        """From this step on it runs, or is paused."""
        going = self.course.going
        if going is not None and not (going.is_running and runs):
            self.course = self._gone_on(self.course, going, step, runs=runs)

    def stop(self, step: Step) -> None:
        """Its milestone is reached."""
        if self.is_live:
            self.stopped, self._whole = step, self.course
            self._cut()
            self.recorded = self.recorded or self.judged()

    def correct(self, step: Step) -> None:
        """Its milestone was reached at another time than was stated."""
        if self.stopped is not None:
            self.stopped = self.stopped._replace(at=step.at)
            self._cut()

    def cancel(self, step: Step) -> None:
        """Nobody waits for its milestone any more."""
        if self.is_live:
            self.cancelled, self._whole = step, self.course
            self._cut()

    def take_up(self, step: Step, *, runs: bool) -> None:
        """Its end is taken back: what had ended it has paused it until now."""
        end, at = self.stopped or self.cancelled, self.ended_at
        if end is None or at is None:
            return
        self.stopped = self.cancelled = None
        self.recorded = self.recorded if self.is_breached else None
        going = Going(at, False, end)
        self.course = self._gone_on(self.course, going, step, runs=runs)
        self._floor = max(step.at, at)

    def note(self, fact: Step, *, is_breach: bool) -> None:
        """A machine has recorded that it warned, or that the target was breached."""
        if is_breach:
            self.breach = fact
            self.recorded = self.recorded if self.is_breached else Verdict(False, fact.at)
        else:
            self.warned = fact

    def judged(self) -> Verdict | None:
        """The verdict by all that is known now; None while it is open or where it was cancelled."""
        end, over = self.ended_at, self.course.over
        if self.stopped is None or end is None:
            return None
        return Verdict(True, end) if over is None else Verdict(False, self._in_force(over))

    @property
    def corrected(self) -> Verdict | None:
        """The verdict by all that is known now, where it is another than the recorded one."""
        judged, recorded = self.judged(), self.recorded
        return judged if judged and recorded and judged.is_met is not recorded.is_met else None

    def due(self) -> int | None:
        """When its time is over, if it runs on; None while it does not run."""
        going = self.course.going
        if self.course.over is not None or going is None or not going.is_running:
            return self.course.over
        return self._after(going.begin, self.target.duration - self.course.spent)

    def planned(self) -> int | None:
        """As `due`; of an ended clock that was never over, when it would have been."""
        due, last = self.due(), self.course.passed[-1:]
        if due is not None or self.course.going is not None or not all(s.is_running for s in last):
            return due
        left = self.target.duration - self.course.spent
        return self._after(last[0].end if last else self.started, left)

    def warning_at(self) -> int | None:
        """When most of its time has passed and it ran on, or will have; None while it is paused."""
        left = self.target.warn_after
        for segment in self.course.passed:
            if (at := self._over(segment, left)) is not None:
                return self._in_force(at)
            left -= segment.counted
        going = self.course.going
        if going is None or not going.is_running:
            return None
        at = self._after(going.begin, left)
        return None if at is None else self._in_force(at)

    def elapsed(self, now: int) -> int:
        """The working time for which it has run."""
        going = self.course.going
        if going is None or not going.is_running:
            return self.course.spent
        return self.course.spent + self.target.calendar.working(going.begin, now)

    def segments(self, now: int) -> tuple[Segment, ...]:
        """All of its time so far, without a gap."""
        going = self.course.going
        return self.course.passed if going is None else self._passed(self.course.passed, going, now)

    def _in_force(self, due: int) -> int:
        return max(due, self.chosen.at)

    def _cut(self) -> None:
        """End the course where its milestone, as stated now, has ended it."""
        end = self.ended_at or self.started
        passed = tuple(self._shortened(s, end) for s in self._whole.passed if s.begin < end)
        if self._whole.going is not None:
            passed = self._passed(passed, self._whole.going, end)
        self.course = Course()
        for segment in passed:
            self.course = self._with(self.course, segment)
        self.course = self.course._replace(passed=passed)

    def _shortened(self, segment: Segment, end: int) -> Segment:
        if segment.end <= end:
            return segment
        counted = self._counted(segment.begin, end, segment.is_running)
        return segment._replace(end=end, counted=counted)

    def _gone_on(self, course: Course, going: Going, step: Step, *, runs: bool) -> Course:
        at = max(step.at, going.begin)
        passed = self._passed(course.passed, going, at)
        if len(passed) > len(course.passed):
            course = self._with(course, passed[-1])
        return course._replace(passed=passed, going=Going(at, runs, step))

    def _with(self, course: Course, segment: Segment) -> Course:
        over = course.over
        if over is None:
            over = self._over(segment, self.target.duration - course.spent)
        return course._replace(spent=course.spent + segment.counted, over=over)

    def _over(self, segment: Segment, left: int) -> int | None:
        """When in this segment so much time was over, if the clock ran on behind that."""
        if not segment.is_running or left > segment.counted:
            return None
        at = self._after(segment.begin, left)
        return at if at is not None and at < segment.end else None

    def _after(self, start: int, left: int) -> int | None:
        return self.target.calendar.after(start, left)

    def _passed(self, passed: tuple[Segment, ...], going: Going, end: int) -> tuple[Segment, ...]:
        if end <= going.begin:
            return passed
        counted = self._counted(going.begin, end, going.is_running)
        return (*passed, Segment(going.begin, end, going.is_running, counted, going.because))

    def _counted(self, begin: int, end: int, is_running: bool) -> int:
        return self.target.calendar.working(begin, end) if is_running else 0
