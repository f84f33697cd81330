"""Where a URL that a user names leads: resolved once, checked, pinned.

Whatever is not an ordinary public address (loopback, link-local, private, metadata, reserved, and
every IPv6 form that hides an IPv4 one) is refused unless a network of the operator's allow-list
holds it.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from shared.settings import Network

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

MOST_CHARACTERS = 2_000
_PORTS = {"http": 80, "https": 443}

_CLOSED = tuple(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "168.63.129.16/32",  # a cloud's own services, on an address that looks public
    "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
    "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9", "ff00::/8",
)))  # fmt: skip
_NAMES = ThreadPoolExecutor(32, thread_name_prefix="names")
"""Of their own: name servers of users' domains may take their time, and hold up nothing else."""
_NAT64 = ip_network("64:ff9b::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


class OutgoingRefused(Exception):
    """This address is none that may be called from here; trying again will not help."""


class OutgoingFailed(Exception):
    """The call did not get an answer; it may the next time."""


class Destination(NamedTuple):
    """Where a URL leads: the checked address, and the request to be made there."""

    url: str  # with the address in the place of the name
    host: str  # for the Host header
    name: str  # for TLS


class _Target(NamedTuple):
    parts: SplitResult
    host: str
    port: int
    literal: Address | None  # where the host is written as an address


def check_url(url: str, allow: Sequence[Network] = ()) -> _Target:
    """What a URL names. Raises OutgoingRefused for what must not be called in any case."""
    readable = url.isascii() and url.isprintable() and not set(url) & set(" \\")
    if len(url) > MOST_CHARACTERS or not readable:
        raise OutgoingRefused("the address must be ASCII without spaces, and not too long")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise OutgoingRefused("the address cannot be read") from None
    if parts.scheme not in _PORTS:
        raise OutgoingRefused("the address must begin with https:// or http://")
    if "@" in parts.netloc:
        raise OutgoingRefused("the address must not hold a user name or a password")
    if port == 0 or not _is_host(host) or ("[" in parts.netloc and ":" not in host):
        raise OutgoingRefused("the address does not name a host")
    literal = _literal(host)
    if literal is not None:
        check_address(literal, allow)
    return _Target(parts, host, port or _PORTS[parts.scheme], literal)


def check_address(address: Address, allow: Sequence[Network] = ()) -> None:
    """Raises OutgoingRefused unless it is an ordinary public address, or one of these networks."""
    for each in _meanings(address):
        allowed = any(each.version == n.version and each in n for n in allow)
        if not allowed and _is_closed(each):
            raise OutgoingRefused(
                f"{address} is not a public address; "
                "TOCSIN_OUTBOUND_ALLOW may name networks that are to be reached"
            )


async def destination(url: str, allow: Sequence[Network], resolve: Resolve) -> Destination:
    """Where a URL leads; every address its name stands for must be one that may be called.

    Raises OutgoingRefused, OutgoingFailed where the name has no address.
    """
    parts, host, port, literal = check_url(url, allow)
    addresses = [literal] if literal else await resolve(host, port)
    if not addresses:
        raise OutgoingFailed("the name of the host has no address")
    for address in addresses:
        check_address(address, allow)
    pinned = _bracketed(str(addresses[0]))
    there = parts._replace(netloc=f"{pinned}:{port}", fragment="").geturl()
    named = _bracketed(host)
    own_port = "" if port == _PORTS[parts.scheme] else f":{port}"
    return Destination(there, f"{named}{own_port}", host.rstrip("."))


async def resolved(host: str, port: int) -> Sequence[Address]:
    """What the system's resolver answers. Raises OutgoingFailed where it does not."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(_NAMES, ask)
    except (OSError, UnicodeError):
        raise OutgoingFailed("the name of the host cannot be resolved") from None
    return [ip_address(str(entry[4][0])) for entry in found]


def _is_closed(address: Address) -> bool:
    return any(address.version == n.version and address in n for n in _CLOSED)


def _meanings(address: Address) -> list[Address]:
    """The address, and the IPv4 address that it leads to where it is a form of one."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.scope_id is not None:
        raise OutgoingRefused("an address with a zone leads to this machine's own networks")
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    number = int(address)
    embeds = address in _NAT64 or (number >> 32) & 0xFFFF_FFFF in _ISATAP
    return [address, IPv4Address(number & 0xFFFF_FFFF)] if embeds else [address]


def _literal(host: str) -> Address | None:
    """The address a host is written as. Raises OutgoingRefused for numbers of any other form."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    last = host.rstrip(".").rpartition(".")[2]
    if ":" in host or last.isdigit() or last.lower().startswith("0x"):
        raise OutgoingRefused("a numeric address must be written in its usual form")
    return None


def _is_host(host: str) -> bool:
    plain = host.replace(":", "") if ":" in host else host.replace("_", "")
    return bool(host) and all(c.isalnum() or c in "-." for c in plain) and len(host) <= 253


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
