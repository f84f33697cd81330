"""In which orders incidents are listed."""

from services.incident.rules import Status
from shared.http import orders as o
from shared.http.lists import CHANGED
from shared.listing import Sort

SORTS: dict[str, Sort] = {
    **CHANGED,
    **o.count("number"),
    **o.rank("priority"),
    **o.level("impact"),
    **o.level("urgency"),
    **o.place("status", Status),
    **o.word("title"),
    **o.word("service"),
    **o.word("item"),
    **o.word("category"),
    **o.word("group", "assignment_group"),
    **o.word("assigned_to"),
    **o.word("reporter"),
    **o.moment("started_at"),
    **o.moment("detected_at"),
    **o.moment("acknowledged_at"),
    **o.moment("mitigated_at"),
    **o.moment("resolved_at"),
    **o.moment("closed_at"),
    **o.count("reopen_count"),
    **o.count("reassignment_count"),
    **o.count("escalation_count"),
    **o.count("child_count"),
}
"""By name, but for relevance: that depends on what is searched for."""

RANK = """(select (ts_rank(x.document, to_tsquery('simple', {})) * 1e6)::bigint
    from incident_texts x where x.id = t.id)"""
"""How well its texts match a search; a title's word counts for more."""
