"""A message in the form of each chat: its limits kept, nothing in it read as a command or mention.

Slack: `&`, `<` and `>` are escaped, which is how it tells text from mentions and links.
Mattermost: Markdown, and `@` mentions; both are defused. Teams: an Adaptive Card, whose text blocks
know a little Markdown. Google Chat: `<users/all>` mentions are defused.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from services.notification.channels.events import Kind
from services.notification.said import Words

_UNSEEN = "\u200b"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>])")
_MOST = {Kind.SLACK: 35_000, Kind.MATTERMOST: 4_000, Kind.TEAMS: 8_000, Kind.GOOGLE_CHAT: 4_000}
_encode = msgspec.json.Encoder().encode


def payload(kind: Kind, words: Words) -> bytes:
    """What is posted to a chat of this kind."""
    subject, text = words.subject, words.text.strip()
    return _encode(_FORMS[kind](subject, _cut(text, _MOST[kind])))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _slack(subject: str, text: str) -> dict[str, Any]:
    escaped = _escaped(text)
    return {"text": f"*{_escaped(subject)}*\n{escaped}", "unfurl_links": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mattermost(subject: str, text: str) -> dict[str, Any]:
    return {"text": f"**{_plain(subject)}**\n{_plain(text)}"}


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text).replace("@", f"@{_UNSEEN}")


def _teams(subject: str, text: str) -> dict[str, Any]:
    blocks = [
        {"type": "TextBlock", "text": _card(subject), "weight": "Bolder", "wrap": True},
        {"type": "TextBlock", "text": _card(text), "wrap": True},
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _card(text: str) -> str:
    """As text blocks show it: links and emphasis defused, lines kept."""
    return re.sub(r"([\\*_\[\]])", r"\\\1", text).replace("\n", "\n\n")


def _google_chat(subject: str, text: str) -> dict[str, Any]:
    return {"text": f"*{_unmentioned(subject)}*\n{_unmentioned(text)}"}


def _unmentioned(text: str) -> str:
    return text.replace("<", f"<{_UNSEEN}")


_FORMS: dict[Kind, Callable[[str, str], dict[str, Any]]] = {
    Kind.SLACK: _slack,
    Kind.MATTERMOST: _mattermost,
    Kind.TEAMS: _teams,
    Kind.GOOGLE_CHAT: _google_chat,
}
