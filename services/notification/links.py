"""Links that let whoever has them say that they have seen one page, and nothing else.

A link is made when a page is sent and is kept nowhere: who reads the log, or a notification over
the API, does not have it.
"""

import base64
import binascii
import hashlib
import hmac
from typing import NamedTuple
from uuid import UUID

from shared.settings import Settings

PATH = "/v1/notification/acknowledgements/by-key"
LINKS = "links"
"""Among a service's parts, its `Links`."""

_TAG_BYTES = 16


class Links(NamedTuple):
    """Where they lead, and what they are signed with."""

    base: str
    key: bytes

    def to(self, page: UUID) -> str:
        """The address that acknowledges a page."""
        return f"{self.base}{PATH}/{self.token(page)}"

    def token(self, page: UUID) -> str:
        """The part of it that is secret."""
        return base64.urlsafe_b64encode(page.bytes + self._tag(page.bytes)).decode().rstrip("=")

    def page(self, token: str) -> UUID | None:
        """The page that a token is for; None where it is none of ours."""
        try:
            told = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        page, tag = told[:16], told[16:]
        if len(page) != 16 or not hmac.compare_digest(tag, self._tag(page)):
            return None
        return UUID(bytes=page)

    def _tag(self, page: bytes) -> bytes:
        return hmac.digest(self.key, page, hashlib.sha256)[:_TAG_BYTES]


def links_of(settings: Settings) -> Links:
    """The links of this installation."""
    master = settings.master_key_file.read_bytes()
    key = hashlib.sha256(b"tocsin acknowledgement links" + master).digest()
    return Links(settings.public_address, key)
