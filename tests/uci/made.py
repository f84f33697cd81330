"""A small log in the form of the UCI one, made for these tests, with every oddity of that."""

import csv
import gzip
import io
from pathlib import Path

HEADER = (
    "number incident_state active reassignment_count reopen_count sys_mod_count made_sla caller_id "
    "opened_by opened_at sys_created_by sys_created_at sys_updated_by sys_updated_at contact_type "
    "location category subcategory u_symptom cmdb_ci impact urgency priority assignment_group "
    "assigned_to knowledge u_priority_confirmation notify problem_id rfc vendor caused_by "
    "closed_code resolved_by resolved_at closed_at"
).split()

_USUAL = {
    "active": "true", "reassignment_count": "0", "reopen_count": "0", "made_sla": "true",
    "caller_id": "11", "opened_by": "8", "opened_at": "1/3/2016 08:00", "sys_created_by": "?",
    "sys_created_at": "?", "sys_updated_by": "21", "contact_type": "Phone", "location": "143",
    "category": "55", "subcategory": "170", "u_symptom": "72", "cmdb_ci": "?", "impact": "2",
    "urgency": "2", "priority": "3", "assignment_group": "56", "assigned_to": "?",
    "knowledge": "true", "u_priority_confirmation": "false", "notify": "Do Not Notify",
    "problem_id": "?", "rfc": "?", "vendor": "?", "caused_by": "?",
    # known only in the end, and on every row all the same
    "closed_code": "5", "resolved_by": "149", "resolved_at": "9/3/2016 11:29",
    "closed_at": "14/3/2016 12:00",
}  # fmt: skip

Row = dict[str, str]


def ticket(number: str, *changes: Row) -> list[Row]:
    """Its rows: each says what differs from the one before; `at` and `state` are short names."""
    rows: list[Row] = []
    now = _USUAL | {"number": number}
    for n, change in enumerate(changes):
        now = now | _full(change) | {"sys_mod_count": str(n)}
        rows.append(now)
    return rows


def _full(change: Row) -> Row:
    short = {"at": "sys_updated_at", "state": "incident_state", "group": "assignment_group"}
    return {short.get(name, name): text for name, text in change.items()}


def row(at: str, state: str, **more: str) -> Row:
    return {"at": at, "state": state} | more


CLOSED = row("14/3/2016 12:00", "Closed", active="false")

PLAIN = ticket(
    "INC0000001",
    row("1/3/2016 08:01", "New"),
    row("1/3/2016 09:00", "Active", assigned_to="31", sys_updated_by="31"),
    row("1/3/2016 09:00", "Active", priority="2", urgency="1"),  # the same minute
    row("1/3/2016 09:00", "Awaiting User Info", group="24", reassignment_count="1"),
    row("2/3/2016 10:00", "Active"),
    row("2/3/2016 10:05", "Active"),  # nothing but its sys_mod_count
    row("9/3/2016 11:29", "Resolved", made_sla="false"),
    CLOSED,
)
REOPENED = ticket(
    "INC0000002",
    row("2/3/2016 08:01", "Active", problem_id="14", caller_id="?"),
    row("3/3/2016 09:00", "Resolved", reassignment_count="1"),  # a rise without a change of group
    row("4/3/2016 09:00", "Active", reopen_count="1", group="?", reassignment_count="2"),
    row("5/3/2016 09:00", "Awaiting Problem", cmdb_ci="cmdb_ci 7", rfc="0001230"),
    row("6/3/2016 09:00", "Resolved"),
    row("14/3/2016 12:00", "Closed", active="false"),
    row("30/6/2016 12:00", "Active", active="true", reopen_count="2"),  # long after the window
    row("30/6/2016 13:00", "Resolved"),
    row("5/7/2016 13:00", "Closed", active="false"),
)
DIRECTLY_CLOSED = ticket("INC0000003", row("1/3/2016 08:01", "New"), CLOSED)
STRANGE = ticket(
    "INC0000004",
    row("1/3/2016 08:01", "Resolved"),
    row("1/3/2016 08:30", "Awaiting Vendor", reopen_count="1", vendor="8s"),
    row("1/3/2016 08:40", "Awaiting Evidence"),
    row("1/3/2016 08:50", "-100", group="17", reassignment_count="1"),  # bad data, three times
    row("1/3/2016 08:55", "-100"),
    row("1/3/2016 08:55", "-100"),
    row("1/3/2016 08:58", "Resolved"),
    CLOSED,
)
BACKWARDS = ticket(
    "INC0000005",
    row("1/3/2016 11:10", "New"),
    row("1/3/2016 09:52", "New", category="53"),  # earlier than the row before it
    row("1/3/2016 11:03", "Resolved"),
    CLOSED,
)


def many(count: int) -> list[Row]:
    """So many plain tickets beside, for what takes a while."""
    return [
        each
        for n in range(count)
        for each in ticket(
            f"INC1{n:06}",
            row("1/3/2016 08:01", "New"),
            row("1/3/2016 09:00", "Active", assigned_to=str(n % 7)),
            row("2/3/2016 09:00", "Resolved"),
            CLOSED,
        )
    ]


SMALL = [*PLAIN, *REOPENED, *DIRECTLY_CLOSED, *STRANGE, *BACKWARDS]


def write(path: Path, rows: list[Row]) -> Path:
    """As CSV; packed where the name says so."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER)
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
