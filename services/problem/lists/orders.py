"""In which orders problems are listed."""

from services.problem.rules import Status
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
    **o.word("owner"),
    **o.day("target_date"),
    **o.day("review_date"),
    **o.moment("started_at"),
    **o.moment("root_cause_at"),
    **o.moment("resolved_at"),
    **o.moment("closed_at"),
    **o.count("open_tasks"),
    **o.count("reanalysis_count"),
    **o.count("reassignment_count"),
}
"""By name, but for relevance: that depends on what is searched for."""

RANK = """(select (max(ts_rank(x.document, to_tsquery('simple', {}))) * 1e6)::bigint
    from problem_texts x where x.problem = t.id)"""
"""How well the best of its texts matches a search; a title's word counts for more."""
