"""The eventsourcing library's own suites for recorders, against the production append."""

import os

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.tests import persistence as suites
from eventsourcing.utils import Environment

from shared.store.library import Factory
from shared.store.library.recorders import EventRecorder, LogRecorder
from shared.store.library.tracking import LogProcessRecorder, LogTrackingRecorder


class Opened:
    """Gives a suite its recorder and closes what it opened."""

    def setUp(self) -> None:
        self.factory = Factory(Environment("suite", os.environ))

    def tearDown(self) -> None:
        self.factory.close()


class TestLogAsAggregateRecorder(Opened, suites.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self.factory.aggregate_recorder()


class TestSnapshotRecorder(Opened, suites.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self.factory.aggregate_recorder("snapshots")


class TestApplicationRecorder(Opened, suites.ApplicationRecorderTestCase[ApplicationRecorder]):
    def create_recorder(self) -> ApplicationRecorder:
        return self.factory.application_recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTrackingRecorder(Opened, suites.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return self.factory.tracking_recorder()


class TestProcessRecorder(Opened, suites.ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        return self.factory.process_recorder()


class TestProcessRecorderAsApplicationRecorder(
    Opened, suites.ApplicationRecorderTestCase[ApplicationRecorder]
):
    def create_recorder(self) -> ApplicationRecorder:
        return self.factory.process_recorder()


class TestNonInterleaving(Opened, suites.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return self.factory.application_recorder()


class ToyView(LogTrackingRecorder):
    """What the suite asks for: a kind of tracking recorder of our own."""


class TestFactory(suites.InfrastructureFactoryTestCase[Factory]):
    def setUp(self) -> None:
        self.env = Environment("suite", os.environ)
        super().setUp()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return EventRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return LogRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return LogTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return ToyView

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return LogProcessRecorder
