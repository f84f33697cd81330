"""Templates over HTTP: managed data, and what they would say."""

import msgspec
from fastapi import Response

from services.notification import template
from services.notification.answer import ByReader, Nothing
from services.notification.events import Template
from services.notification.keyed import asking
from services.notification.keyed.asking import ByAdmin, Kept, Listed, Past, Reference
from services.notification.templates import wording
from services.notification.templates.bodies import Preview, TemplateDocument, UnsavedPreview
from services.notification.templates.events import TemplateRetired
from services.notification.templates.kept import TEMPLATES
from services.notification.templates.view import PreviewView, TemplatePage, TemplateView
from shared.clock import new_id
from shared.errors import Invalid, Refused
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.managed import When
from shared.http.openapi import answers
from shared.http.past import Events

PATH = "/v1/templates"

EXAMPLES = {
    "id": "0199aaaa-0000-7000-8000-000000000001",
    "number": "INC-7",
    "title": "Checkout is slow",
    "status": "in progress",
    "priority": "1",
    "service": "checkout",
    "happened_at": "2026-11-22 10:04:00 UTC",
    "audience": "management",
    "update": "The database is being restarted",
    "impact": "One order in ten fails",
    "action": "Failing over to the second region",
    "workaround": "Pay by invoice",
    "next_update_at": "2026-11-22 10:34:00 UTC",
    "message": "The database does not answer, please come",
    "role": "incident commander",
    "due_at": "2026-11-22 10:34:00 UTC",
}

router = routes("templates", PATH)


def templates_of(asked: Asked) -> Kept:
    """The templates of the service that was asked."""
    return Kept("template", PATH, asked.service.parts[TEMPLATES], TemplateView)


@router.get("", **answers(TemplatePage))
async def list_templates(query: Listed, asked: ByReader) -> Response:
    """Templates by their keys."""
    return await asking.page(asked, templates_of(asked), query)


@router.post("", **answers(TemplateView, 201, "Added"))
async def add_template(body: TemplateDocument, asked: ByAdmin) -> Response:
    """Add a template; a retired one of the same key is taken up again."""
    return await asking.add(asked, templates_of(asked), body.said())


@router.post("/preview", **answers(PreviewView))
async def preview_words(body: UnsavedPreview, asked: ByReader) -> Response:
    """What these words would say of a fact; nothing is saved."""
    await asked.order(new_id())  # raises for headers that are not what they should be
    words = body.words()
    for field in ("subject", "text"):
        known = wording.known_of(body.fact)
        if (fault := wording.faults(getattr(words, field), known)) is not None:
            raise Invalid((f"/{field}", fault))
    return _shown(words, body)


@router.get("/{id}", **answers(TemplateView))
async def read_template(id: Reference, when: When, asked: ByReader) -> Response:
    """One template, now or as it was."""
    return await asking.read(asked, templates_of(asked), id, when)


@router.put("/{id}", **answers(TemplateView))
async def change_template(id: Reference, body: TemplateDocument, asked: ByAdmin) -> Response:
    """Say the whole template anew; what was sent stays as it was sent."""
    return await asking.change(asked, templates_of(asked), id, body.said())


@router.post("/{id}/retire", **answers(TemplateView))
async def retire_template(id: Reference, asked: ByAdmin, body: Nothing = None) -> Response:
    """It is not used any more; whoever names it is told in the usual words."""
    return await asking.retire(asked, templates_of(asked), id, TemplateRetired)


@router.get("/{id}/versions", **answers(Events))
async def list_template_versions(id: Reference, query: Past, asked: ByReader) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await asking.versions(asked, templates_of(asked), id, query)


@router.post("/{id}/preview", **answers(PreviewView))
async def preview_template(id: Reference, body: Preview, asked: ByReader) -> Response:
    """What the template would say of a fact; refused where it names what the fact has not."""
    kept = templates_of(asked)
    held = await kept.ledger.current(kept.find(id))
    await asked.order(held.stream)
    words = Template(subject=held.state.subject, text=held.state.text)
    values = dict.fromkeys(wording.known_of(body.fact), "")
    if (fault := wording.usable(words, values)) is not None:
        raise Refused(f"of {body.fact}, {fault}")
    return _shown(words, body)


def _shown(words: Template, body: Preview) -> Response:
    known = wording.known_of(body.fact)
    if unknown := sorted(body.values.keys() - set(known)):
        raise Invalid((f"/values/{unknown[0]}", f"is not known of {body.fact}"))
    happened = body.fact.partition(".")[2].replace("_", " ")
    examples = EXAMPLES | {"fact": body.fact, "happened": happened}
    values = {name: body.values.get(name, examples[name]) for name in known}
    view = PreviewView(
        fact=body.fact,
        subject=template.line(words.subject, values),
        text=template.text(words.text, values),
        values=values,
    )
    return Response(msgspec.json.encode(view), media_type="application/json")
