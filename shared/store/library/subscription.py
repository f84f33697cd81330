"""Wakes a waiting reader when the log has grown, whoever appended."""

import asyncio
from collections.abc import Sequence

from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription

from shared.store.database import CONNECTION_LOST
from shared.store.library.log import Log

_LOOK = 1.0


class LogSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """The library's own pulling thread; a look at the log's head stands in for LISTEN."""

    def __init__(
        self, recorder: ApplicationRecorder, log: Log, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._log = log
        self._watch = log.start(self._watched())

    def stop(self) -> None:
        """Stops the subscription."""
        super().stop()
        if hasattr(self, "_watch"):  # the pulling thread may fail before there is one
            self._watch.cancel()

    async def _watched(self) -> None:
        seen = 0
        while not self._has_been_stopped:
            try:
                await self._log.pulse.beyond(seen, _LOOK)
                seen = self._log.pulse.position
            except CONNECTION_LOST:  # the pulling thread meets the same and tells its reader
                await asyncio.sleep(_LOOK)
            self._has_been_notified.set()
