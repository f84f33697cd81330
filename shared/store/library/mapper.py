"""Domain events of the library to plain canonical JSON and back; our own events, as they are.

A field is stored plainly where its annotation brings the value back (dates, decimals, UUIDs,
registered types), and in the library's tagged form only where it would not. Snapshots, which have
no annotations, are tagged throughout.
"""

from functools import cache
from typing import Any, cast, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.domain import CanSnapshotAggregate, DomainEventProtocol, TAggregateID
from eventsourcing.persistence import (
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    NotSupportedError,
    StoredEvent,
)
from eventsourcing.utils import get_topic, resolve_topic

from shared.codec import decode
from shared.domain import Event
from shared.store.library.stored import Reshaped, schema_version

_canonical = msgspec.json.Encoder(order="sorted").encode


class PlainMapper(Mapper[TAggregateID]):
    """A cipher or compressor, where the environment names one, is applied to the JSON."""

    def to_stored_event(self, domain_event: DomainEventProtocol[TAggregateID]) -> StoredEvent:
        """Raises NotSupportedError for the services' own events."""
        if isinstance(domain_event, Event):
            raise NotSupportedError(f"{domain_event.topic}: only its service writes it")
        if isinstance(domain_event, CanSnapshotAggregate):
            return super().to_stored_event(domain_event)
        cls, fields = type(domain_event), dict(vars(domain_event))
        stream, version = fields.pop("originator_id"), fields.pop("originator_version")
        state = self._wrapped(self._encode(cls, fields))
        shape = getattr(cls, "class_version", 1)
        if shape == 1:
            return StoredEvent(stream, version, get_topic(cls), state)
        return Reshaped(stream, version, get_topic(cls), state, shape)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[TAggregateID]:
        """The event, brought up to date. Raises MapperDeserialisationError."""
        cls = resolve_topic(stored_event.topic)
        if issubclass(cls, Event):
            return cast(DomainEventProtocol[TAggregateID], _own(stored_event))
        if issubclass(cls, CanSnapshotAggregate):
            return super().to_domain_event(stored_event)
        try:
            fields = self._decode(cls, self._unwrapped(stored_event.state))
        except Exception as failure:
            place = f"{stored_event.originator_id} {stored_event.originator_version}"
            raise MapperDeserialisationError(f"{place}: {failure}") from failure
        return self._event(cls, stored_event, fields)

    def _event(
        self, cls: Any, stored: StoredEvent, fields: dict[str, Any]
    ) -> DomainEventProtocol[TAggregateID]:
        fields["originator_id"] = stored.originator_id
        fields["originator_version"] = stored.originator_version
        for old in range(schema_version(stored), getattr(cls, "class_version", 1)):
            getattr(cls, f"upcast_v{old}_v{old + 1}")(fields)
        event = object.__new__(cls)
        object.__setattr__(event, "__dict__", fields)
        return cast(DomainEventProtocol[TAggregateID], event)

    def _encode(self, cls: type, fields: dict[str, Any]) -> bytes:
        hints = _hints(cls)
        return _canonical(
            {n: msgspec.Raw(self._field(v, hints.get(n, Any))) for n, v in fields.items()}
        )

    def _decode(self, cls: type, state: bytes) -> dict[str, Any]:
        hints = _hints(cls)
        fields = msgspec.json.decode(state, type=dict[str, msgspec.Raw])
        return {n: self._restored(bytes(raw), hints.get(n, Any)) for n, raw in fields.items()}

    def _field(self, value: object, hint: Any) -> bytes:
        tagged = self.transcoder.encode(value)
        plain = msgspec.json.encode(value, enc_hook=self._enc_hook, order="sorted")
        if self.transcoder.encode(self._restored(plain, hint)) == tagged:
            return plain
        return _canonical(msgspec.json.decode(tagged))

    def _restored(self, raw: bytes, hint: Any) -> Any:
        value = self.transcoder.decode(raw)
        try:
            return msgspec.convert(value, hint, dec_hook=self._dec_hook)
        except (TypeError, ValueError):  # a value of another kind than annotated
            return value

    def _enc_hook(self, value: object) -> object:
        return cast(JSONTranscoder, self.transcoder).types[type(value)].encode(value)

    def _dec_hook(self, kind: type, value: object) -> object:
        try:
            return cast(JSONTranscoder, self.transcoder).types[kind].decode(value)
        except KeyError:
            raise TypeError(f"{kind} has no transcoding") from None

    def _wrapped(self, state: bytes) -> bytes:
        if self.compressor:
            state = self.compressor.compress(state)
        return self.cipher.encrypt(state) if self.cipher else state

    def _unwrapped(self, state: bytes) -> bytes:
        if self.cipher:
            state = self.cipher.decrypt(state)
        return self.compressor.decompress(state) if self.compressor else state


@cache
def _hints(cls: type) -> dict[str, Any]:
    try:
        return get_type_hints(cls)
    except NameError:  # annotated with what only its own function can see
        return {}


def _own(stored: StoredEvent) -> Event:
    """An event of a service, of a class that also says where it stands."""
    event = decode(stored.topic, schema_version(stored), stored.state, stored.originator_version)
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    placed: Event = _placed_class(type(event))(
        **fields,
        originator_id=stored.originator_id,
        originator_version=stored.originator_version,
    )
    return placed


@cache
def _placed_class(cls: type[Event]) -> Any:
    return msgspec.defstruct(
        cls.__name__,
        [("originator_id", UUID), ("originator_version", int)],
        bases=(cls,),
        module=cls.__module__,
        frozen=True,
        kw_only=True,
    )
