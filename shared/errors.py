"""The ways a service may say no. Only `shared.http` knows which status code each becomes."""

from collections.abc import Sequence


class Problem(Exception):
    """A failure the caller can act on; `detail` is a sentence that says how."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class Refused(Problem):
    """Well formed, but the rules of the domain forbid it now."""

    def __init__(self, detail: str, unmet: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.unmet = tuple(unmet)


class Invalid(Problem):
    """Malformed: each error is (JSON pointer, what is wrong with it)."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{at}: {detail}" if at else detail for at, detail in errors))
        self.errors = errors


class Unauthenticated(Problem):
    """No valid credentials."""


class Forbidden(Problem):
    """Known, but not allowed to do this."""


class NotFound(Problem):
    """No such thing, or none that this caller may know of."""


class Stale(Problem):
    """The caller's If-Match names a version that is no longer the newest."""


class KeyReused(Problem):
    """The idempotency key was used before, with another body."""


class TooLarge(Problem):
    """The request is larger than allowed."""


class TooMany(Problem):
    """More requests than allowed; try again later."""


class NotCaughtUp(Problem):
    """The position the reader waits for has not arrived yet."""


class LogMismatch(Problem):
    """The reader's cursor belongs to another log, or to a past this log does not have."""


class Unavailable(Problem):
    """The database cannot be reached; nothing can be promised, try again."""
