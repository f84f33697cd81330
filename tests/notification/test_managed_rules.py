"""The rules of contacts and subscriptions, without any I/O."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.notification import contact, subscription
from services.notification.contact import Contact
from services.notification.contact_events import (
    ContactEvent,
    ContactRetired,
    ContactSet,
    SecretSet,
    SubscriptionEvent,
    SubscriptionRetired,
    SubscriptionSet,
)
from services.notification.events import Channel
from services.notification.subscription import Subscription
from tests.notification.given import Given
from tests.notification.given import given as given_of

ID = UUID("0199aaaa-0000-7000-8000-000000000001")
by_mail = ContactSet(person="ada", name="Ada", email="ada@example.com")
by_hook = ContactSet(person="ada", name="Ada", webhook_url="https://example.com/")
secret = SecretSet(person="ada", secret="whsec_x")
told = SubscriptionSet(contact=ID, channel=Channel.EMAIL, facts=("incident.declared",))


def a_contact(*events: ContactEvent) -> Given:
    return given_of(Contact(), contact.evolve, *events)


def a_subscription(*events: SubscriptionEvent) -> Given:
    return given_of(Subscription(), subscription.evolve, *events)


def test_a_contact_is_added_and_said_anew() -> None:
    arguments = {"person": "ada", "name": "Ada", "email": "ada@example.com"}
    a_contact().when(contact.put, **arguments).then(by_mail)
    a_contact(by_hook, secret).when(contact.put, **arguments).then(by_mail)


def test_a_webhook_needs_a_secret_once() -> None:
    arguments = {"person": "ada", "name": "Ada", "webhook_url": "https://example.com/"}
    a_contact().when(contact.put, **arguments).refused("secret")
    a_contact().when(contact.put, **arguments, secret="whsec_x").then(by_hook, secret)
    a_contact(by_hook, secret).when(contact.put, **arguments).then(by_hook)
    a_contact(by_hook, secret, by_mail).when(contact.put, **arguments).refused("secret")


def test_a_secret_is_rotated_with_two_valid_at_once() -> None:
    until = datetime(2026, 5, 1, tzinfo=UTC)
    another = SecretSet(person="ada", secret="whsec_y", until=until)
    arguments = {"secret": "whsec_y", "until": until}
    a_contact(by_hook, secret).when(contact.rotate, **arguments).then(another)
    both = given_of(Contact(), contact.evolve, by_hook, secret, another, by_hook).state
    assert (both.secret, both.secret_before, both.both_until) == ("whsec_y", "whsec_x", until)
    a_contact(by_mail).when(contact.rotate, **arguments).refused("has no webhook")
    a_contact(by_hook, secret, ContactRetired()).when(contact.rotate, **arguments).refused(
        "is retired"
    )


def test_rotating_again_to_the_same_secret_keeps_the_one_before() -> None:
    until = datetime(2026, 5, 1, tzinfo=UTC)
    another = SecretSet(person="ada", secret="whsec_y", until=until)
    again = {"secret": "whsec_y", "same": True}
    rotated = a_contact(by_hook, secret, another)
    rotated.when(contact.rotate, **again, until=until + timedelta(hours=1)).then()
    alone = SecretSet(person="ada", secret="whsec_y")
    rotated.when(contact.rotate, **again, until=None).then(alone)
    ended = given_of(Contact(), contact.evolve, by_hook, secret, another, alone).state
    assert (ended.secret_before, ended.both_until) == (None, None)
    a_contact(by_hook, alone).when(contact.rotate, **again, until=None).then()


def test_without_its_webhook_it_keeps_no_secret() -> None:
    another = SecretSet(person="ada", secret="y", until=datetime(2026, 5, 1, tzinfo=UTC))
    left = given_of(Contact(), contact.evolve, by_hook, secret, another, by_mail).state
    assert (left.secret, left.secret_before, left.both_until) == (None, None, None)


def test_a_contact_can_be_reached() -> None:
    a_contact().when(contact.put, person="ada", name="Ada").refused("needs an e-mail address")


def test_a_contact_stays_its_persons() -> None:
    a_contact(by_mail).when(contact.put, person="eve", name="Eve").refused("is ada's")


def test_a_retired_contact_is_reached_no_more() -> None:
    retired = a_contact(by_mail, ContactRetired())
    retired.when(contact.put, person="ada", name="Ada").refused("retired")
    retired.when(contact.retire).nothing()
    assert retired.state.reach(Channel.EMAIL) is None
    assert a_contact(by_mail).state.reach(Channel.EMAIL) == "ada@example.com"


def test_a_subscription_is_added_and_said_anew() -> None:
    arguments = {"contact": ID, "channel": Channel.EMAIL, "facts": ["incident.declared"]}
    a_subscription().when(subscription.put, **arguments).then(told)
    a_subscription(told).when(subscription.put, **arguments).nothing()
    a_subscription(told).when(subscription.put, **arguments, priorities=[2, 1, 2]).then(
        SubscriptionSet(
            contact=ID, channel=Channel.EMAIL, facts=("incident.declared",), priorities=(1, 2)
        )
    )


@pytest.mark.parametrize("history", [(told,), (told, SubscriptionRetired())])
def test_a_subscription_is_retired_once(history: tuple[SubscriptionEvent, ...]) -> None:
    expected = [SubscriptionRetired()] if len(history) == 1 else []
    a_subscription(*history).when(subscription.retire).then(*expected)


def test_a_retired_subscription_stays_so() -> None:
    arguments = {"contact": ID, "channel": Channel.EMAIL, "facts": ["incident.closed"]}
    a_subscription(told, SubscriptionRetired()).when(subscription.put, **arguments).refused(
        "retired"
    )
