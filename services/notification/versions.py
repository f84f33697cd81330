"""The past of contacts and subscriptions over HTTP: what was said of one, by whom and when."""

from typing import Annotated

from fastapi import Query, Response

from services.notification.answer import ByAnybody, ByReader, Id, require_visible
from services.notification.contact_events import CodeSent, SecretSet
from services.notification.keyed.secrets import versions_without
from services.notification.managed import contacts_of, subscriptions_of
from shared.http.app import routes
from shared.http.managed import versions_answer
from shared.http.openapi import answers
from shared.http.past import Events, PastQuery
from shared.http.waiting import has_seen

contacts_router = routes("contacts", "/v1/contacts")
subscriptions_router = routes("subscriptions", "/v1/subscriptions")

Past = Annotated[PastQuery, Query()]


@contacts_router.get("/{id}/versions", **answers(Events))
async def list_contact_versions(id: Id, query: Past, asked: ByAnybody) -> Response:
    """What was said of it, but for its secrets and codes, who said it and when, oldest first."""
    contacts = contacts_of(asked)
    await has_seen(asked.service, query.wait_for)
    require_visible(asked, (await contacts.current(id)).state.person, "contact")
    return await versions_without(asked, contacts, id, query, SecretSet.topic, CodeSent.topic)


@subscriptions_router.get("/{id}/versions", **answers(Events))
async def list_subscription_versions(id: Id, query: Past, asked: ByReader) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await versions_answer(asked, subscriptions_of(asked), id, query)
