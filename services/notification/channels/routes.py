"""Channels over HTTP: managed data; an address is never shown."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Self

import msgspec
from fastapi import Response
from pydantic import Field, SecretStr, model_validator

from services.notification.answer import ByReader, Nothing
from services.notification.channels import channel
from services.notification.channels.channel import CHANNELS
from services.notification.channels.events import (
    HAS_NO_ADDRESS,
    ChannelAddressSet,
    ChannelEvent,
    ChannelRetired,
    ChannelSet,
    Kind,
)
from services.notification.channels.sinks import NOT_LOCAL
from services.notification.channels.vendors import check_vendor
from services.notification.keyed import asking
from services.notification.keyed.asking import ByAdmin, Kept, Listed, Past, Reference
from services.notification.keyed.rows import KeyedItem
from services.notification.keyed.secrets import versions_without
from shared.destination import MOST_CHARACTERS, OutgoingRefused, check_url
from shared.errors import Invalid, Refused
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import Body, Line, Name
from shared.http.managed import When
from shared.http.openapi import answers
from shared.http.past import Events

PATH = "/v1/channels"


class ChannelView(KeyedItem, kw_only=True):
    """A channel. Its address is never shown: who knows it can post there."""

    kind: Kind


class ChannelPage(msgspec.Struct, kw_only=True):
    items: list[ChannelView]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class ChannelDocument(Body):
    """A chat room by its incoming webhook, or the file `outbox.jsonl` of this installation.

    `console` prints what is told, and is only there where Tocsin runs on one's own machine.
    `apprise` takes addresses of apprise that lead to one target of a vendor, where the extra
    `apprise` is installed.
    """

    key: Annotated[Name, Field(examples=["ops-room"])]
    name: Line
    kind: Kind
    address: Annotated[
        SecretStr | None,
        Field(
            max_length=MOST_CHARACTERS,
            description="The incoming webhook, or for `apprise` its address; "
            "left out in a change it stays",
            examples=["https://hooks.example.com/services/T0/B0/x"],
        ),
    ] = None

    @model_validator(mode="after")
    def _sinks_have_none(self) -> Self:
        if self.kind in HAS_NO_ADDRESS and self.address is not None:
            raise ValueError(f"a {self.kind} has no address: it is this installation's own")
        return self


router = routes("channels", PATH)


def _kept(asked: Asked) -> Kept:
    return Kept("channel", PATH, asked.service.parts[CHANNELS], ChannelView)


@router.get("", **answers(ChannelPage))
async def list_channels(query: Listed, asked: ByReader) -> Response:
    """Channels by their keys."""
    return await asking.page(asked, _kept(asked), query)


@router.post("", **answers(ChannelView, 201, "Added"))
async def add_channel(body: ChannelDocument, asked: ByAdmin) -> Response:
    """Add a channel; contacts name it by its key, and are reached by `chat` from then on."""
    address = await _checked(body, asked)
    if address is None and body.kind not in HAS_NO_ADDRESS:
        raise Invalid(("/address", f"is missing: {body.kind} is reached by one"))

    def add(held: channel.ManagedChannel, *, said: ChannelSet) -> Sequence[ChannelEvent]:
        return channel.add(held, said=said, address=address)

    return await asking.add(asked, _kept(asked), _said(body), add)


@router.get("/{id}", **answers(ChannelView))
async def read_channel(id: Reference, when: When, asked: ByReader) -> Response:
    """One channel, now or as it was."""
    return await asking.read(asked, _kept(asked), id, when)


@router.put("/{id}", **answers(ChannelView))
async def change_channel(id: Reference, body: ChannelDocument, asked: ByAdmin) -> Response:
    """Say the whole channel anew; without an address it keeps the one it has."""
    said = {"said": _said(body), "address": await _checked(body, asked)}
    return await asking.command(asked, _kept(asked), id, channel.change, **said)


@router.post("/{id}/retire", **answers(ChannelView))
async def retire_channel(id: Reference, asked: ByAdmin, body: Nothing = None) -> Response:
    """Nothing is sent there any more."""
    return await asking.retire(asked, _kept(asked), id, ChannelRetired)


@router.get("/{id}/versions", **answers(Events))
async def list_channel_versions(id: Reference, query: Past, asked: ByReader) -> Response:
    """What was said of it, but for addresses, who said it and when, oldest first."""
    kept = _kept(asked)
    return await versions_without(asked, kept.ledger, kept.find(id), query, ChannelAddressSet.topic)


def _said(body: ChannelDocument) -> ChannelSet:
    return ChannelSet(key=body.key, name=body.name, kind=body.kind)


async def _checked(body: ChannelDocument, asked: Asked) -> str | None:
    """The address, if it may be called. Raises Invalid, Refused."""
    if body.kind is Kind.CONSOLE and not asked.service.settings.local:
        raise Refused(NOT_LOCAL)
    if body.address is None:
        return None
    address = body.address.get_secret_value()
    try:
        if body.kind is Kind.APPRISE:
            await asyncio.to_thread(check_vendor, address)
        else:
            check_url(address, asked.service.settings.outbound_allow)
    except OutgoingRefused as refused:
        raise Invalid(("/address", str(refused))) from None
    return address
