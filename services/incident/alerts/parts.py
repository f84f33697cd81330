"""A notification in parts: a rule may group alerts by other labels than their monitor does."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from services.incident.alerts.decision import Taken
from services.incident.alerts.notification import Notification
from services.incident.alerts.rules import AlertRulesDocument
from services.incident.facts import Alert

_BREATH = 20  # alerts looked at before others may have their turn

Labels = tuple[tuple[str, str], ...]


async def parts_of(told: Notification, rules: AlertRulesDocument) -> list[Notification]:
    """One part for each group that the rules make of it; the whole, where they make none.

    A sender's key stays its group: an end that comes with nothing but the key must find it again.
    """
    if told.keyed or told.whole or not any(rule.group_by for rule in rules.rules):
        return [told]
    parts: dict[Labels, list[Alert]] = {}
    for number, alert in enumerate(told.alerts):
        parts.setdefault(_group_of(rules, told.labels(alert)), []).append(alert)
        if number % _BREATH == 0:
            await asyncio.sleep(0)
    return [told.part(by, alerts) for by, alerts in parts.items()] or [told]


def together(taken: Sequence[Taken]) -> Taken:
    """One answer for all parts: it names the first incident that was declared, else the first."""
    nothing = Taken(outcome="heard")
    first = next((each for each in taken if each.declared), taken[0] if taken else nothing)
    return msgspec.structs.replace(
        first,
        declared=sum(each.declared for each in taken),
        attached=sum(each.attached for each in taken),
        withheld=sum(each.withheld for each in taken),
        duplicates=sum(each.duplicates for each in taken),
        position=max((each.position for each in taken), default=0),
    )


def _group_of(rules: AlertRulesDocument, labels: Mapping[str, str]) -> Labels:
    return tuple((name, labels.get(name, "")) for name in rules.choose(labels).rule.group_by)
