"""The asyncio log, used from threads: one event loop on a thread of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any, TypeVar

import asyncpg
from asyncpg.exceptions import IntegrityConstraintViolationError, PostgresError
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
)
from sqlalchemy import Table

from shared.clock import now
from shared.errors import Unavailable
from shared.store.append import Append, Appended, AppendStatement
from shared.store.database import CONNECTION_LOST, connector, open_pool
from shared.store.pulse import Pulse
from shared.store.reader import LogReader
from shared.store.writer import Writer

T = TypeVar("T")


class Log:
    """One database's log for any number of threads; `name` is who appends."""

    def __init__(self, dsn: str, name: str) -> None:
        self.name = name
        self._dsn = dsn
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._serve, name="event log", daemon=True)
        self._thread.start()
        self._lock = Lock()
        self._closed = False
        self._writers: list[Writer] = []
        self.pool: asyncpg.Pool = self.run(open_pool(dsn))
        self.reader = LogReader(self.pool)
        self.pulse = Pulse(self.pool)

    def writer(self, tables: Sequence[Table] = ()) -> Callable[[Append], Appended]:
        """The production append, with these plain or versioned tables in its transaction."""
        writer = Writer(connector(self._dsn), AppendStatement(tables, ""), now)
        writer.grown = self.pulse.beat
        self._writers.append(writer)
        return lambda command: self.run(writer.append(command))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this on the loop and wait for it. Raises the library's errors."""
        with _library_errors():
            return self.start(work).result()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Do this on the loop. Raises OperationalError when closed."""
        with self._lock:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        raise OperationalError("the log has been closed")

    def close(self) -> None:
        """Finish appends under way and disconnect; on a loop's own thread without waiting."""
        with self._lock:
            if not self._closed:
                asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            self._closed = True
        if not _on_a_loop():
            self._thread.join()

    async def _end(self) -> None:
        try:
            for writer in self._writers:
                await writer.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            self.pool.terminate()
        finally:
            self._loop.call_later(0.01, self._loop.stop)  # transports close in the next rounds

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.close()


def _on_a_loop() -> bool:
    """The collector may close a forgotten log on any thread, even on its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _library_errors() -> Iterator[None]:
    """What the database says, in the words of the library."""
    try:
        yield
    except IntegrityConstraintViolationError as error:
        raise IntegrityError(str(error)) from error
    except asyncpg.DataError as error:
        raise DataError(str(error)) from error
    except (*CONNECTION_LOST, Unavailable, CancelledError) as error:
        raise OperationalError(str(error) or repr(error)) from error
    except PostgresError as error:
        raise DatabaseError(str(error)) from error


def settled(answer: Appended) -> Appended:
    """An append that is in the log. Raises IntegrityError where another was first."""
    if answer.outcome not in ("appended", "already"):
        raise IntegrityError(f"not appended: {answer.outcome}")
    return answer
