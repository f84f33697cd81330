"""Whether a message of Amazon SNS was signed by it, and its subscriptions confirmed.

The certificate is fetched only from hosts of SNS (or of the origins that the operator names), past
the guard for outgoing calls, and kept until it expires.
"""

import asyncio
import base64
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from shared.destination import OutgoingFailed, OutgoingRefused
from shared.errors import Forbidden, Invalid, Unavailable

_HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?")
_PEM = re.compile(r"/[A-Za-z0-9/_-]{1,200}\.pem")
_CERTIFICATE_LIMIT = 64 * 1024
_ANSWER_LIMIT = 64 * 1024
_KEPT = 32
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "1": hashes.SHA1(),  # noqa: S303  # as SNS signs unless a topic is told to use 2
    "2": hashes.SHA256(),
}
_SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SIGNED_CONFIRMATION = (
    *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
)


class Fetching(Protocol):
    """Gets what stands at a user's address."""

    async def get(self, url: str, *, limit: int) -> bytes:
        """Raises OutgoingRefused, OutgoingFailed."""
        ...


class _Kept(NamedTuple):
    key: RSAPublicKey
    until: datetime


class SnsSignatures:
    """Checks messages; `origins` are trusted beside the hosts of SNS."""

    def __init__(self, fetching: Fetching, origins: Collection[str] = ()) -> None:
        self._fetching = fetching
        self._origins = {origin.rstrip("/").lower() for origin in origins}
        self._keys: OrderedDict[str, _Kept] = OrderedDict()
        self._turn = asyncio.Lock()

    async def check(self, told: Mapping[str, str], now: datetime) -> None:
        """Raises Forbidden unless SNS signed it, Invalid, Unavailable."""
        algorithm = _HASHES.get(told.get("SignatureVersion", ""))
        if algorithm is None:
            raise Invalid(("/SignatureVersion", "must be 1 or 2"))
        try:
            signature = base64.b64decode(told.get("Signature", ""), validate=True)
        except ValueError:
            raise Invalid(("/Signature", "is not Base64")) from None
        key = await self._key(told.get("SigningCertURL", ""), now)
        try:
            key.verify(signature, _signed(told), PKCS1v15(), algorithm)
        except InvalidSignature:
            raise Forbidden("the signature is not that of Amazon SNS") from None

    async def confirm(self, told: Mapping[str, str]) -> None:
        """Let SNS know that the subscription is wanted. Raises Forbidden, Invalid, Unavailable."""
        url = told.get("SubscribeURL", "")
        self._require_trusted(url, "/SubscribeURL")
        asked = parse_qs(urlsplit(url).query)
        if asked.get("Action") != ["ConfirmSubscription"]:
            raise Invalid(("/SubscribeURL", "does not confirm a subscription"))
        if asked.get("TopicArn") != [told.get("TopicArn")]:
            raise Invalid(("/SubscribeURL", "confirms the subscription of another topic"))
        await self._get(url, _ANSWER_LIMIT)

    async def _key(self, url: str, now: datetime) -> RSAPublicKey:
        self._require_trusted(url, "/SigningCertURL")
        if not _PEM.fullmatch(urlsplit(url).path) or urlsplit(url).query:
            raise Invalid(("/SigningCertURL", "does not name a certificate"))
        async with self._turn:
            kept = self._keys.get(url)
            if kept is None or kept.until <= now:
                kept = _read(await self._get(url, _CERTIFICATE_LIMIT), now)
                self._keys[url] = kept
            while len(self._keys) > _KEPT:
                self._keys.popitem(last=False)
        return kept.key

    def _require_trusted(self, url: str, pointer: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise Invalid((pointer, "is no address")) from None
        ours = parts.scheme == "https" and port in (None, 443) and "@" not in parts.netloc
        if ours and _HOST.fullmatch(host):
            return
        if f"{parts.scheme}://{parts.netloc}".lower() not in self._origins:
            raise Forbidden(f"{pointer[1:]} does not lead to Amazon SNS")

    async def _get(self, url: str, limit: int) -> bytes:
        try:
            return await self._fetching.get(url, limit=limit)
        except OutgoingRefused as refused:
            raise Forbidden(f"{url} may not be called from here: {refused}") from None
        except OutgoingFailed as failed:
            raise Unavailable(f"Amazon SNS cannot be asked at the moment: {failed}") from None


def _read(pem: bytes, now: datetime) -> _Kept:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except ValueError:
        raise Forbidden("what stands at SigningCertURL is no certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise Forbidden("the certificate at SigningCertURL does not hold an RSA key")
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise Forbidden("the certificate at SigningCertURL is not valid at this time")
    return _Kept(key, certificate.not_valid_after_utc)


def _signed(told: Mapping[str, str]) -> bytes:
    names = _SIGNED if told.get("Type") == "Notification" else _SIGNED_CONFIRMATION
    return "".join(f"{name}\n{told[name]}\n" for name in names if name in told).encode()
