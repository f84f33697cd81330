"""What can happen to a channel. These names and fields are stored for ever."""

from enum import StrEnum

from services.notification.keyed.keyed import Gone, Said
from shared.domain import Event, Personal, event


class Kind(StrEnum):
    """What stands at its other end."""

    SLACK = "slack"
    TEAMS = "teams"
    MATTERMOST = "mattermost"
    GOOGLE_CHAT = "google_chat"
    APPRISE = "apprise"  # one of the vendors that the extra `apprise` knows
    FILE = "file"  # in this installation's folder: for the first minute
    CONSOLE = "console"  # what the service prints, where it runs on one's own machine


HAS_NO_ADDRESS = (Kind.FILE, Kind.CONSOLE)


@event("channel.set")
class ChannelSet(Said, frozen=True):
    """What it says from now on."""

    kind: Kind


@event("channel.address_set", personal={"address": "kept_for"})
class ChannelAddressSet(Event, frozen=True):
    """Where it leads from now on. Who knows the address can post there, so it is sealed."""

    kept_for: str
    address: Personal


@event("channel.retired")
class ChannelRetired(Gone, frozen=True):
    pass


ChannelEvent = ChannelSet | ChannelAddressSet | ChannelRetired
