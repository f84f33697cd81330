"""What may be called on a user's word, and what never is, in whatever form it is written."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from shared.destination import (
    Address,
    OutgoingFailed,
    OutgoingRefused,
    Resolve,
    check_address,
    destination,
    resolved,
)
from shared.outgoing import Outgoing
from tests.shared.test_client import saying, server

ADDRESSES = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.254
127.0.0.1 127.0.1.1 127.1.2.3 127.255.255.254 169.254.0.1 169.254.169.254 169.254.169.253
169.254.170.2 172.16.0.1 172.31.255.254 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1
192.168.255.254 198.18.0.1 198.19.255.254 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250
240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 ::2 ::7f00:1 ::127.0.0.1 ::169.254.169.254 ::8.8.8.8
::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:192.168.1.1
::ffff:0.0.0.0 ::ffff:a9fe:a9fe ::ffff:168.63.129.16
64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::10.1.2.3 64:ff9b::169.254.169.254 64:ff9b::a9fe:a9fe
64:ff9b::192.168.0.1 64:ff9b:1::1 64:ff9b:1::8.8.8.8
2002:7f00:1:: 2002:a00:1:: 2002:a9fe:a9fe:: 2002:808:808::
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1 3fff::1 5f00::1
100::1 fc00::1 fd00::1 fd00:ec2::254 fd12:3456:789a::1 fe80::1 fe80::a9fe:a9fe febf::1 fec0::1
ff02::1 ff05::2 ff0e::1
2606:4700::5efe:127.0.0.1 2606:4700::5efe:10.0.0.1 2606:4700::200:5efe:169.254.169.254
""".split()  # fmt: skip

NUMBERS = """
2130706433 017700000001 0x7f000001 0x7f.0x0.0x0.0x1 0x7f.1 127.1 127.0.1 0177.0.0.1 0177.1
127.0.0.01 0x7F.0.0.1 127.0.0.0x1 127.0.0.1. 2852039166 0xa9fea9fe 0xA9FEA9FE 0251.0376.0251.0376
0xa9.0xfe.0xa9.0xfe 169.254.43518 169.16689662 0 0. 1 00000000177.0.0.1 3232235521 0xc0a80001
010.0.0.1 10.1 167772161 4294967295 4294967296 99999999999 999.1.1.1 1.2.3.4.5 256.256.256.256
127.0.0.1.0 0x 0x0 example.0x7f 1.1.1.0x1 0xdeadbeefdeadbeef
""".split()

URLS = [
    "", "/", "//127.0.0.1/", "example.com", "example.com/hook", "http:", "http:/", "http://",
    "http:///hook", "http://:80/", "https://?x", "https://#x", "ftp://example.com/",
    "file:///etc/passwd", "gopher://example.com/", "dict://example.com:11211/", "ldap://example.com",
    "javascript:alert(1)", "data:text/plain,x", "unix:///run/docker.sock", "http+unix://x/",
    "ws://example.com/", "jar:http://example.com!/", "netdoc:///etc/passwd",
    "http://user@example.com/", "http://user:pw@example.com/", "http://example.com@127.0.0.1/",
    "http://127.0.0.1:80@example.com/", "http://@example.com/", "http://example.com:@127.0.0.1/",
    "http://example.com\\@127.0.0.1/", "http:\\\\127.0.0.1\\", "http://example.com\\.evil.test/",
    "http://127.0.0.1%2f@example.com/", "http://127.0.0.1%00.example.com/",
    "http://%31%32%37.0.0.1/", "http://loc%61lhost/", "http://example.com\r\nHost: x/",
    "http://example.com/\r\nX-Injected: 1", "http://exam\tple.com/", "http://exam ple.com/",
    " http://example.com/", "http://example.com/ ", "http://example.com/\x00", "http://\x7f/",
    "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://example。com/",
    "http://\uff4cocalhost/", "http://exämple.test/", "http://example.com/\u2028",
    "http://[::1", "http://::1/", "http://[::1]x/", "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/", "http://[::ffff:127.0.0.1%251]/", "http://[v1.x]/", "http://[]/",
    "http://example.com:0/", "http://example.com:99999/", "http://example.com:-1/",
    "http://example.com:http/", "http://example.com:80:80/", "http://exa$mple.com/",
    "http://exa{mple}.com/", "http://<script>/", "http://a,b/", "http://a;b/", "http://*/",
    "http://" + "a" * 254 + "/", "http://example.com/" + "a" * 2_000,
]  # fmt: skip

OPEN = """
8.8.8.8 1.1.1.1 93.184.216.34 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 11.0.0.1
126.255.255.255 128.0.0.1 169.253.255.255 169.255.0.1 192.167.0.1 192.169.0.1 198.17.0.1 223.1.1.1
2606:4700:4700::1111 2a00:1450:4001:80b::200e 2001:4860:4860::8888 64:ff9b::8.8.8.8 ::ffff:8.8.8.8
""".split()


def names(*addresses: str) -> Resolve:
    async def resolve(host: str, port: int) -> Sequence[Address]:
        return [ip_address(address) for address in addresses]

    return resolve


def written(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def test_there_are_cases_enough() -> None:
    assert len(set(ADDRESSES)) * 2 + len(set(NUMBERS)) + len(set(URLS)) >= 250


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(OutgoingRefused, match="not a public address"):
        await destination(f"http://{written(address)}/hook", (), names())


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_name_that_leads_to_one_is_refused_whatever_else_it_leads_to(address: str) -> None:
    with pytest.raises(OutgoingRefused):
        await destination("https://example.com/hook", (), names("8.8.8.8", address))


@pytest.mark.parametrize("number", NUMBERS)
async def test_an_address_in_an_unusual_form_is_refused(number: str) -> None:
    with pytest.raises(OutgoingRefused, match="usual form"):
        await destination(f"http://{number}/", (), names("8.8.8.8"))


@pytest.mark.parametrize("url", URLS)
async def test_a_url_that_is_not_plain_is_refused(url: str) -> None:
    with pytest.raises(OutgoingRefused):
        await destination(url, (), names("8.8.8.8"))


@pytest.mark.parametrize("address", OPEN)
async def test_a_public_address_may_be_called(address: str) -> None:
    there = await destination(f"https://{written(address)}/hook?x=1#y", (), names())
    assert there.url == f"https://{written(str(ip_address(address)))}:443/hook?x=1"


async def test_the_checked_address_is_pinned_and_the_name_is_kept() -> None:
    there = await destination("https://Example.COM.:8443/a", (), names("8.8.8.8", "8.8.4.4"))
    assert there == ("https://8.8.8.8:8443/a", "example.com.:8443", "example.com")


async def test_a_name_without_an_address_may_have_one_later() -> None:
    with pytest.raises(OutgoingFailed):
        await destination("https://example.com/", (), names())


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "::ffff:127.0.0.1"),
        ("10.0.0.0/8", "10.1.2.3"),
        ("::1/128", "::1"),
        ("fd00::/8", "fd12::1"),
        ("169.254.0.0/16", "169.254.1.1"),
    ],
)
def test_a_network_of_the_allow_list_may_be_called(network: str, address: str) -> None:
    check_address(ip_address(address), [ip_network(network)])


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "64:ff9b::10.0.0.1"])
def test_a_network_allows_no_other(address: str) -> None:
    with pytest.raises(OutgoingRefused):
        check_address(ip_address(address), [ip_network("192.168.0.0/16")])


async def test_the_system_resolver_is_asked_once_and_its_answer_is_checked() -> None:
    async with Outgoing() as outgoing:
        with pytest.raises(OutgoingRefused):
            await outgoing.post("http://localhost:1/", b"", {})


async def test_a_name_that_changes_its_answer_is_called_where_it_was_checked() -> None:
    answers = [["8.8.8.8"], ["127.0.0.1"]]

    async def rebinding(host: str, port: int) -> Sequence[Address]:
        return [ip_address(address) for address in answers.pop(0)]

    there = await destination("http://rebind.test/", (), rebinding)
    assert there.url == "http://8.8.8.8:80/"
    assert len(answers) == 1


LOOPBACK = ip_network("127.0.0.0/8")
EMPTY = b"Content-Length: 0\r\n\r\n"
HOSTILE = [
    b"HTTP/1.1 503 Busy\r\nRetry-After: Mon, 01 Jan 99999999999999999999 00:00:00 GMT\r\n" + EMPTY,
    b"HTTP/1.1 503 Busy\r\nRetry-After: Mon, 01 Jan 2030 00:00:00 +99999999999999999\r\n" + EMPTY,
    b"HTTP/1.1 503 Busy\r\nRetry-After: \xb2\xb3\r\n" + EMPTY,
    b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://[::ffff:127.0.0.1\r\n" + EMPTY,
    b"HTTP/1.1 307 Found\r\nLocation: http://169.254.169.254:99999/\r\n" + EMPTY,
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; expires=99999999999999; Max-Age=1e999\r\n" + EMPTY,
    b"\x00 no answer at all\r\n\r\n",
]
"""Answers of a receiver that wishes us ill."""


@pytest.mark.parametrize("raw", HOSTILE)
async def test_whatever_a_receiver_says_is_an_answer_or_none(raw: bytes) -> None:
    async with server(saying(raw)) as url, Outgoing([LOOPBACK], within=5.0) as outgoing:
        try:
            answer = await outgoing.post(url, b"{}", {})
        except OutgoingFailed:
            return
    assert answer.retry_after == 0.0


async def test_no_cookie_of_a_receiver_is_kept() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        cookies = b"".join(b"Set-Cookie: c%d=v; Max-Age=9999\r\n" % n for n in range(200))
        writer.write(b"HTTP/1.1 204 No Content\r\n" + cookies + b"Connection: close\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    async with listening, Outgoing([LOOPBACK]) as outgoing:
        for _ in range(2):
            await outgoing.post(url, b"", {})
    assert not [head for head in heads if b"cookie" in head.lower()]


async def test_slow_name_servers_hold_up_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    mended, real = threading.Event(), socket.getaddrinfo

    def asked(host: str, *more: Any, **named: Any) -> Any:
        if host == "slow.test":
            mended.wait(30)
        return real("127.0.0.1", *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    slow = [asyncio.create_task(resolved("slow.test", 80)) for _ in range(12)]
    await asyncio.sleep(0)
    try:
        assert await asyncio.to_thread(str, 1) == "1"
        assert await resolved("fast.test", 80) == [ip_address("127.0.0.1")]
        assert not any(each.done() for each in slow)
    finally:
        mended.set()
        await asyncio.gather(*slow)
