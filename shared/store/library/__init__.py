"""The log as a persistence module of the `eventsourcing` library, for code without asyncio.

    PERSISTENCE_MODULE=shared.store.library
    TOCSIN_EVENT_STORE_URL=postgresql://…    one service's database, as the application's role

A stock `eventsourcing` application then reads the same log, and appends to it through the very
statement the services use. What a service's own events write beside themselves (read models,
timers, sealed texts) only the service knows: here they are read, never written. Streams are named
by UUIDs; an aggregate with another kind of id is refused. Two applications that follow one another
need a log each: name them in the variable, as in `COUNTERS_TOCSIN_EVENT_STORE_URL`.
"""

from typing import Any, TypeVar, cast

from eventsourcing.domain import TAggregateID
from eventsourcing.persistence import (
    AggregateRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    JSONTranscoder,
    Mapper,
    TrackingRecorder,
    Transcoder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic

from shared.store.library.log import Log
from shared.store.library.mapper import PlainMapper
from shared.store.library.recorders import EventRecorder, LogRecorder, SnapshotRecorder
from shared.store.library.tracking import LogProcessRecorder, LogTrackingRecorder

__all__ = ["Factory", "LogTrackingRecorder"]

URL = "TOCSIN_EVENT_STORE_URL"
T = TypeVar("T", bound=TrackingRecorder)


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Opens the log that the environment names."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        url = self.env.get(URL)
        if not url:
            raise InfrastructureFactoryError(f"no database: set {URL} to postgresql://…")
        self._log = Log(url, self.env.name or "application")

    def mapper(
        self,
        transcoder: Transcoder | None = None,
        mapper_class: type[Mapper[TAggregateID]] | None = None,
    ) -> Mapper[TAggregateID]:
        """The mapper asked for, or else ours."""
        if mapper_class is None and not self.env.get(self.MAPPER_TOPIC):
            mapper_class = cast(type[Mapper[TAggregateID]], PlainMapper)
        return super().mapper(transcoder or JSONTranscoder(), mapper_class)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Snapshots have a table of their own; everything else is the log."""
        return SnapshotRecorder(self._log) if purpose == "snapshots" else EventRecorder(self._log)

    def application_recorder(self) -> LogRecorder:
        """Reads and appends."""
        return LogRecorder(self._log)

    def process_recorder(self) -> LogProcessRecorder:
        """Appends together with how far another log has been followed."""
        return LogProcessRecorder(self._log)

    def tracking_recorder(self, tracking_recorder_class: type[T] | None = None) -> T:
        """A view: a subclass of `LogTrackingRecorder`."""
        chosen: Any = tracking_recorder_class
        if chosen is None and (topic := self.env.get(self.TRACKING_RECORDER_TOPIC)):
            chosen = resolve_topic(topic)
        return cast(T, (chosen or LogTrackingRecorder)(self._log))

    def close(self) -> None:
        """Disconnect."""
        self._log.close()
