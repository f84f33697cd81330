"""The rules that propose or promote major incidents, and when they may do so again."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from services.incident.catalogue.events import Criticality
from services.incident.major.documents import TriggerRule, TriggersDocument
from services.incident.major.events import Inputs

CriticalityOf = Callable[[str | None], Criticality | None]


class Rule(NamedTuple):
    """One rule, and the conditions that it names."""

    name: str
    then: Literal["propose", "promote"]
    when: tuple[tuple[str, Any], ...]

    def holds(self, inputs: Inputs, criticality: CriticalityOf) -> bool:
        """Whether all that it names is so."""
        return all(_HOLDS[name](inputs, value, criticality) for name, value in self.when)


class Triggers(NamedTuple):
    """A version of the policy `major-triggers`; 1 is the built-in one."""

    version: int
    rules: tuple[Rule, ...]

    def first(self, inputs: Inputs, criticality: CriticalityOf) -> Rule | None:
        """The first rule that holds."""
        return next((rule for rule in self.rules if rule.holds(inputs, criticality)), None)


def triggers_of(document: dict[str, Any] | None, version: int) -> Triggers:
    """The rules of a stored policy document; the built-in ones where there is none."""
    told = TriggersDocument() if document is None else TriggersDocument.model_validate(document)
    return Triggers(version, tuple(_rule(each) for each in told.rules))


def is_worse(rule: Rule, before: Inputs, now: Inputs, criticality: CriticalityOf) -> bool:
    """Whether what was turned down is looked at again: this rule did not hold then, or its
    priority, impact or urgency is higher, or it has more children."""
    if not rule.holds(before, criticality):
        return True
    levels = ("priority", "impact", "urgency")
    is_higher = any(_above(getattr(now, name), getattr(before, name)) for name in levels)
    return is_higher or now.child_count > before.child_count


def _rule(told: TriggerRule) -> Rule:
    named = ((name, value) for name, value in told.when.arguments().items() if value is not None)
    return Rule(told.name, told.then, tuple(named))


def _above(now: int | None, before: int | None) -> bool:
    """1 is the highest."""
    return now is not None and (before is None or now < before)


def _at_most(name: str) -> Callable[[Inputs, int, CriticalityOf], bool]:
    def holds(inputs: Inputs, most: int, _: CriticalityOf) -> bool:
        value: int | None = getattr(inputs, name)
        return value is not None and value <= most

    return holds


def _any_of(name: str) -> Callable[[Inputs, list[str], CriticalityOf], bool]:
    return lambda inputs, values, _: getattr(inputs, name) in values


def _is_critical(inputs: Inputs, values: list[Criticality], criticality: CriticalityOf) -> bool:
    return criticality(inputs.service) in values


def _is_tagged(inputs: Inputs, values: list[str], _: CriticalityOf) -> bool:
    return not set(values).isdisjoint(inputs.tags)


def _is_labelled(inputs: Inputs, values: dict[str, str], _: CriticalityOf) -> bool:
    return all(inputs.labels.get(key) == value for key, value in values.items())


def _has_more_children(inputs: Inputs, most: int, _: CriticalityOf) -> bool:
    return inputs.child_count > most


_HOLDS: dict[str, Callable[[Inputs, Any, CriticalityOf], bool]] = {
    "priority_at_most": _at_most("priority"),
    "impact_at_most": _at_most("impact"),
    "urgency_at_most": _at_most("urgency"),
    "services": _any_of("service"),
    "criticality": _is_critical,
    "items": _any_of("item"),
    "categories": _any_of("category"),
    "subcategories": _any_of("subcategory"),
    "groups": _any_of("group"),
    "sources": _any_of("source"),
    "tags": _is_tagged,
    "labels": _is_labelled,
    "more_children_than": _has_more_children,
}
