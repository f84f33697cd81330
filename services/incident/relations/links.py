"""Links to what an incident has to do with, and references to its documents."""

from collections.abc import Sequence
from uuid import UUID

from services.incident.events import IncidentEvent
from services.incident.incident import Incident, link_key
from services.incident.lifecycle import require
from services.incident.parts import Link
from services.incident.relations import events as r
from services.incident.relations.events import LinkKind
from shared.errors import Refused

MOST_LINKS = 200
_MAY_BE_THE_CAUSE = frozenset({LinkKind.SERVICE, LinkKind.ITEM, LinkKind.CHANGE})


def link(
    incident: Incident,
    *,
    kind: LinkKind,
    reference: str,
    id: UUID | None = None,
    url: str | None = None,
    caused_by: bool = False,
) -> Sequence[IncidentEvent]:
    """Link a thing, or say more of one that is linked."""
    require(incident, "link")
    if caused_by and kind not in _MAY_BE_THE_CAUSE:
        raise Refused("only a service, an item or a change is marked as the cause")
    known = incident.links.get(link_key(kind, reference))
    if known is None and len(incident.links) >= MOST_LINKS:
        raise Refused(f"an incident has {MOST_LINKS} links at most")
    wanted = Link(kind=kind, reference=reference, id=id, url=url, caused_by=caused_by)
    if known == wanted:
        return []
    return [r.Linked(kind=kind, reference=reference, id=id, url=url, caused_by=caused_by)]


def unlink(incident: Incident, *, kind: LinkKind, reference: str) -> Sequence[IncidentEvent]:
    require(incident, "unlink")
    if link_key(kind, reference) not in incident.links:
        raise Refused(f"it is not linked to the {kind.replace('_', ' ')} {reference}")
    return [r.Unlinked(kind=kind, reference=reference)]


def attach(
    incident: Incident, *, sha256: str, url: str, size: int, media_type: str, name: str | None
) -> Sequence[IncidentEvent]:
    """Refer to a document; the same bytes are referred to once."""
    require(incident, "link")
    known = incident.attachments.get(sha256)
    if known is None and len(incident.attachments) >= MOST_LINKS:
        raise Refused(f"an incident has {MOST_LINKS} attachments at most")
    if known and (known.url, known.size, known.media_type) == (url, size, media_type):
        return []
    return [r.AttachmentAdded(sha256=sha256, url=url, size=size, media_type=media_type, name=name)]


def detach(incident: Incident, *, sha256: str) -> Sequence[IncidentEvent]:
    require(incident, "unlink")
    if sha256 not in incident.attachments:
        raise Refused(f"it has no attachment {sha256}")
    return [r.AttachmentRemoved(sha256=sha256)]
