"""What the commands of major incidents take."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from services.incident.major import events as m
from services.incident.major.documents import Slug
from services.incident.major.events import DecisionKind, MajorRole
from shared.http.body import Body, Moment, Name, Text, Whole


class Reason(Body):
    reason: Annotated[Text, Field(examples=["Checkout is down in two regions"])]


class Acceptance(Body):
    """Why, where that is not plain; the body may be left out."""

    reason: Text | None = None


class RoleAssignment(Body):
    """To a person; null leaves the role to nobody."""

    role: MajorRole
    person: Annotated[Name | None, Field(examples=["ada"])]


class RoleAcceptance(Body):
    """Which role, where several wait for you; the body may be left out."""

    role: MajorRole | None = None


class HandOver(Body):
    """To whom the role goes, and what they must know."""

    role: MajorRole
    person: Name
    note: Text | None = None


class Responder(Body):
    """One of: a person, a group, whoever is on call, or an escalation policy."""

    person: Name | None = None
    group: Name | None = None
    schedule: Name | None = None
    escalation_policy: Name | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(value is not None for value in self.target) != 1:
            raise ValueError("name one of person, group, schedule, escalation_policy")
        return self

    @property
    def target(self) -> tuple[str | None, ...]:
        """What is named."""
        return (self.person, self.group, self.schedule, self.escalation_policy)

    def asked(self) -> m.Target:
        """As it is stored."""
        person, group, schedule, policy = self.target
        return m.Target(person=person, group=group, schedule=schedule, escalation_policy=policy)


class ResponderRequest(Responder):
    """Whom to ask to come; `then` are asked one after the other while nobody answers in time."""

    message: Annotated[Text, Field(examples=["The database is full: please join the call"])]
    within_minutes: Annotated[Whole, Field(ge=1, le=1_440)] = 5
    then: Annotated[list[Responder], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _asks_each_once(self) -> Self:
        asked = [self.target, *(each.target for each in self.then)]
        if len(set(asked)) < len(asked):
            raise ValueError("somebody is asked twice")
        return self


class RequestAnswer(Body):
    """Your own answer; of somebody else where their commander knows it. Without a request, the
    one that waits for you."""

    accepted: StrictBool
    request: UUID | None = None
    person: Name | None = None
    note: Text | None = None


class StatusUpdate(Body):
    """What the audiences are told, in words for them; without audiences, all who are owed it."""

    status: Annotated[Text, Field(examples=["We have found the cause and are rolling back"])]
    impact: Annotated[Text, Field(examples=["One payment in ten fails"])]
    action: Annotated[Text, Field(examples=["Release 41 is being taken back"])]
    workaround: Annotated[Text | None, Field(examples=["Paying by invoice works"])] = None
    audiences: Annotated[list[Slug], Field(min_length=1, max_length=50)] | None = None
    next_update_at: Moment | None = None
    final: Annotated[
        StrictBool | None,
        Field(description="Left out: whether the status is `resolved`, as the incident is"),
    ] = None


class Snooze(Body):
    """Whose update is put off, and why."""

    audience: Slug
    reason: Text | None = None


class Decision(Body):
    """What was decided or done, by whom (yourself unless another is named), on what basis."""

    decision: Annotated[Text, Field(examples=["Fail over to the second region"])]
    basis: Annotated[Text | None, Field(examples=["Replication is at rest; nothing is lost"])] = (
        None
    )
    person: Name | None = None
    kind: DecisionKind = DecisionKind.DECISION


class Closing(Body):
    """Why a major incident may close without a problem; else the body may be left out."""

    waive_problem: Text | None = None
