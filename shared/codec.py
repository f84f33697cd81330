"""Events to and from the bytes of the log: canonical UTF-8 JSON, personal fields sealed."""

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec
from eventsourcing.utils import resolve_topic
from msgspec.structs import replace

from shared.domain import FREE_TEXT, Event, Sealed
from shared.vault import NewKey, Vault

E = TypeVar("E", bound=Event)

_encode = msgspec.json.Encoder(order="sorted").encode


class Stored(msgspec.Struct, frozen=True, gc=False):
    """One event as the log stores it, without its envelope."""

    topic: str
    schema_version: int
    state: bytes


def encode(event: Event) -> Stored:
    """Keys sorted, no white space, UTF-8; every personal field must be sealed by now."""
    return Stored(event.topic, event.class_version, _encode(event))


def record(
    event: E, stream: UUID, version: int, about: Iterable[str], vault: Vault
) -> tuple[E, Stored, list[NewKey]]:
    """A fresh event as it will be read again, its stored form, and the keys to keep beside it.

    `about` are the subjects of free text; a named field's subject is another field of the event.
    """
    if not type(event).personal:
        return event, encode(event), []
    sealed, keys = _seal(event, stream, version, about, vault)
    return _placed(sealed, version), encode(sealed), keys


def decode(topic: str, schema_version: int, state: bytes, version: int) -> Event:
    """The event of a stored row, brought up to date; ciphertexts are told their place."""
    cls = event_class(topic)
    if schema_version == cls.class_version:
        happened = _decoder(cls).decode(state)
    else:
        happened = msgspec.convert(_upcast(cls, schema_version, state), cls)
    return _placed(happened, version) if cls.personal else happened


@cache
def event_class(topic: str) -> type[Event]:
    """The class registered under a stored name."""
    return cast(type[Event], resolve_topic(topic))


@cache
def _decoder(cls: type[Event]) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(cls)


def _upcast(cls: type[Event], stored_version: int, state: bytes) -> dict[str, Any]:
    fields = cast(dict[str, Any], msgspec.json.decode(state))
    for old in range(stored_version, cls.class_version):
        getattr(cls, f"upcast_v{old}_v{old + 1}")(fields)
    return fields


def _seal(
    event: E, stream: UUID, version: int, about: Iterable[str], vault: Vault
) -> tuple[E, list[NewKey]]:
    keys: dict[str, NewKey] = {}
    sealed: dict[str, Sealed] = {}
    for field, subject in type(event).personal.items():
        value = getattr(event, field)
        if not isinstance(value, str):
            continue
        if subject not in keys:
            is_text = subject == FREE_TEXT
            keys[subject] = (
                vault.new_key(about) if is_text else vault.key_of(getattr(event, subject))
            )
        sealed[field] = vault.seal(keys[subject], stream, f"{version}|{field}", value)
    new = [key for key in keys.values() if not key.is_stored]
    return (replace(event, **sealed) if sealed else event), new


def _placed(event: E, version: int) -> E:
    told = {
        field: replace(value, place=f"{version}|{field}")
        for field in type(event).personal
        if isinstance(value := getattr(event, field), Sealed)
    }
    return replace(event, **told) if told else event
