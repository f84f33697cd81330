"""What can happen to a team. These names and fields are stored for ever."""

from shared.domain import Event, event


@event("team.set")
class TeamSet(Event, frozen=True):
    """What it says from now on, as a whole; members are people by their ids in tokens."""

    key: str
    name: str
    members: tuple[str, ...] = ()


@event("team.retired")
class TeamRetired(Event, frozen=True):
    key: str


TeamEvent = TeamSet | TeamRetired
