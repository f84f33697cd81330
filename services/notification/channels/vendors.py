"""The long tail of chats, pushes and short messages, by the extra `apprise`.

What apprise calls an address may lead anywhere: to any host, to files and programs of this
machine. Its library opens its own connections, so none can be pinned to an address that was
checked. Only schemes are taken whose hosts are their vendor's own and stand in apprise's source,
with parameters that name no file and no other address, and one target: an attempt is one call.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from services.notification.outcome import Lost, Reached, Result, Unreached
from services.notification.said import Words
from shared.destination import MOST_CHARACTERS, OutgoingRefused
from shared.errors import Refused
from shared.extras import how_to_install

VENDORS = frozenset(
    """46elks bulksms clickatell clicksend d7sms dingtalk discord feishu firehydrant flock gchat
    groupme ilert incidentio lark line msgbird opsgenie pagerduty pagertree pbul plivo pover prowl
    seven signl4 slack spike splunk squadcast telnyx tgram threema twilio viber vonage wecombot
    webex whatsapp zoom""".split()
)
PARAMETERS = frozenset(
    "from key method mode priority region secret severity silent sound thread to token ttl".split()
)
MISSING = f"this kind needs the extra apprise: {how_to_install('apprise')}"
_AT_ONCE = 8
_UNSEEN = "\u200b"


class Vendors:
    """Sends by apprise, beside the event loop: its calls block."""

    def __init__(self, within: float = 20.0) -> None:
        self._within = within
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="apprise")

    async def send(self, address: str, words: Words) -> Result:
        """One call. A thread cannot be stopped: what takes too long may still be taken."""
        call = self._threads.submit(_tell, address, words)
        done, _ = await asyncio.wait([asyncio.wrap_future(call)], timeout=self._within)
        if done:
            return call.result()
        if call.cancel():
            return Unreached(f"it had to wait for {self._within:g} seconds", down=True)
        return Lost(f"no answer by apprise within {self._within:g} seconds")


def check_vendor(address: str) -> None:
    """Raises OutgoingRefused for what must not be called, Refused without the extra."""
    _target(address)


def _tell(address: str, words: Words) -> Result:
    try:
        target = _target(address)
        title, body = _defused(words.subject), _defused(words.text.strip())
        taken = target.notify(title=title, body=body, body_format="text", overflow="truncate")
    except OutgoingRefused as refused:
        return Unreached(str(refused), permanent=True)
    except Refused as missing:
        return Unreached(str(missing), down=True)
    except Exception as failed:  # whatever its plug-in makes of an answer
        # Only its kind: what it says may hold the address.
        return Lost(f"apprise failed: {type(failed).__name__}")
    return Reached("taken") if taken else Unreached("its vendor did not take it")


def _defused(text: str) -> str:
    """Nothing in it is read as a mention."""
    return text.replace("@", f"@{_UNSEEN}").replace("<", f"<{_UNSEEN}")


def _target(address: str) -> Any:
    """What apprise makes of an address that may be called. Raises OutgoingRefused, Refused."""
    _check_scheme(address)
    apprise = _library()
    asset = apprise.AppriseAsset(http_redirects=False, allow_templates=False)
    read: dict[str, Any] | None = apprise.plugins.url_to_dict(address)
    if read is None or read["schema"] not in VENDORS:
        raise OutgoingRefused("apprise cannot read the address")
    if unknown := sorted(set(read.get("qsd", {})) - PARAMETERS):
        known = ", ".join(sorted(PARAMETERS))
        raise OutgoingRefused(f"{len(unknown)} of its parameters are not taken; these are: {known}")
    target = apprise.Apprise.instantiate(read, asset=asset)
    if not target:
        raise OutgoingRefused("apprise cannot read the address, or it lacks a part")
    if len(target) != 1:
        raise OutgoingRefused("the address must name one target; add a channel for each")
    return target


def _check_scheme(address: str) -> None:
    readable = address.isascii() and address.isprintable() and " " not in address
    if len(address) > MOST_CHARACTERS or not readable:
        raise OutgoingRefused("the address must be ASCII without spaces, and not too long")
    if address.partition("://")[0].lower() not in VENDORS:
        known = ", ".join(sorted(VENDORS))
        raise OutgoingRefused(f"the address must begin with one of these and ://: {known}")


def _library() -> Any:
    """Raises Refused where the extra is not installed."""
    try:
        library = import_module("apprise")
    except ImportError:
        raise Refused(MISSING) from None
    logging.getLogger("apprise").disabled = True  # it tells addresses and texts
    return library
