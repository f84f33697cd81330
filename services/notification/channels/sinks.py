"""Where messages go in the first minute: lines of JSON, in a file or on the console."""

import sys
from pathlib import Path
from uuid import UUID

import msgspec

from services.notification.outcome import Reached, Result, Unreached
from services.notification.said import Words

NOT_LOCAL = "a console is only for an installation on one's own machine (`tocsin run`)"
_MOST_BYTES = 50 * 2**20


def written(file: Path, key: str, id: UUID, words: Words) -> Result:
    """One line more in this file, unless it is full."""
    try:
        if file.exists() and file.stat().st_size > _MOST_BYTES:
            return Unreached(f"the file {file.name} is full; move it away")
        with file.open("ab") as opened:
            opened.write(_line(key, id, words))
    except OSError as failed:
        return Unreached(f"the file cannot be written: {type(failed).__name__}", down=True)
    return Reached(f"written to {file.name}")


def printed(key: str, id: UUID, words: Words) -> Result:
    """One line more on standard output."""
    try:
        sys.stdout.write(_for_terminals(_line(key, id, words).decode()))
        sys.stdout.flush()
    except (OSError, ValueError) as failed:
        return Unreached(f"standard output is closed: {type(failed).__name__}", down=True)
    return Reached("printed")


def _line(key: str, id: UUID, words: Words) -> bytes:
    told = {"channel": key, "id": id, "subject": words.subject, "text": words.text}
    return msgspec.json.encode(told) + b"\n"


def _for_terminals(line: str) -> str:
    """Nothing in it moves a terminal's cursor or changes its colours."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in line)
