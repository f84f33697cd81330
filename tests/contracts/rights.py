"""Who may call what, written down from the field's table of roles; admin may call everything."""

import re

EVERYBODY = (
    "reporter responder incident_manager major_incident_manager problem_manager "
    "notification_admin auditor service"
)
GROUPS = {
    "everybody": set(EVERYBODY.split()),
    "readers": set(EVERYBODY.split()) - {"reporter"},
    "people": set(EVERYBODY.split()) - {"auditor", "service"},
    "agents": {"responder", "incident_manager"},
}

OPEN = {("get", "/healthz"), ("get", "/readyz")}
"""What is answered without credentials, of what the documents describe."""

_RIGHTS = r"""
incident
    post  /v1/incidents                        reporter responder incident_manager service
    post  /v1/incidents/bulk                   agents reporter
    get   /v1/incidents/facets                 everybody
    get   /v1/incidents(/{id}(/timeline|/events|/alerts|/clocks)?)?  everybody
    get   /v1/incidents/{id}/(regulatory|communications|evidence)  everybody
    get   /v1/incidents/{id}/(review|situation)(\.(json|html|md|pdf))?  everybody
    get   /v1/incidents/{id}/review/action-items  everybody
    post  /v1/incidents/{id}/review/(open|write-section)  agents major_incident_manager
    post  /v1/incidents/{id}/review/[a-z]+-action-item  agents major_incident_manager
    post  /v1/incidents/{id}/review/(complete|reopen)  major_incident_manager
    post  /v1/incidents/backfill               service
    post  /v1/incidents/{id}/(categorise|prioritise|assign|acknowledge|start)  agents
    post  /v1/incidents/{id}/(hold|resume|diagnose|mitigate|resolve|cancel)  agents
    post  /v1/incidents/{id}/(close|request-responder)  agents major_incident_manager
    post  /v1/incidents/{id}/propose-major     incident_manager major_incident_manager
    post  /v1/incidents/{id}/(accept|reject|demote)-major  major_incident_manager
    post  /v1/incidents/{id}/((assign|accept)-role|hand-over)  agents major_incident_manager
    post  /v1/incidents/{id}/(answer-request|decide)  agents major_incident_manager
    post  /v1/incidents/{id}/(post|snooze)-update  agents major_incident_manager
    post  /v1/incidents/{id}/(note|reply|reopen)     agents reporter
    post  /v1/incidents/{id}/(escalate|correct-milestone|(un)?link|(add|remove)-child)  agents
    post  /v1/incidents/{id}/(un)?merge        incident_manager
    post  /v1/incidents/{id}/restrict          incident_manager
    post  /v1/incidents/{id}/record-regulatory  major_incident_manager
    post  /v1/alerts/(alertmanager|grafana|cloudevents)  service
    post  /v1/alerts/preview                   agents service
    get   /v1/alerts/groups/{id}(/events)?     readers
    post  /v1/alerts/by-key/{secret}/(alertmanager|grafana|cloudevents|sns)  service
    post  /v1/alerts/sns/{secret}              service
    post  (/v1/alerts/by-key/{secret})?/v2/(change/)?enqueue  service
    get   /v1/changes                          readers
    post  (/v1/alerts/by-key/{secret})?/v2/alerts(/{identifier}/(acknowledge|close|notes))?  service
    get   (/v1/alerts/by-key/{secret})?/v2/alerts/(requests/{request_id}|{identifier})  service
    get   /v1/incident/policies/[a-z-]+(/versions)?  readers
    post  /v1/incident/clocks/rerun            incident_manager
    get   /v1/incident/clocks/reruns/{id}      readers
    put   /v1/incident/policies/communication-plans  major_incident_manager
    put   /v1/incident/policies/(?!communication-)[a-z-]+  incident_manager
    get   /v1/incident/views(/{id}(/versions)?)?  everybody
    post  /v1/incident/views(/{id}/retire)?    people
    put   /v1/incident/views/{id}              people
    get   /v1/api-keys(/{id})?                 incident_manager auditor
    post  /v1/api-keys                         incident_manager
    delete /v1/api-keys/{id}                   incident_manager
    get   /v1/incident/metrics(/{name}(/inputs)?)?  readers
    get   /v1/catalogue/services(/{id})?       everybody
    get   /v1/catalogue/services/{id}/(versions|impact)  readers
    get   /v1/catalogue/items(/{id}(/versions|/impact)?)?  readers
    get   /v1/catalogue/maintenance-windows(/{id}(/versions)?)?  readers
    post  /v1/catalogue/(services|items|maintenance-windows)(/{id}/retire)?  incident_manager
    put   /v1/catalogue/(services|items|maintenance-windows)/{id}  incident_manager
problem
    get   /v1/problems(/{id}(/timeline|/events|/analyses)?)?  readers
    get   /v1/problems/facets                  readers
    get   /v1/problem/metrics(/{name}(/inputs)?)?  readers
    post  /v1/problems                         responder problem_manager
    post  /v1/problems/backfill                service
    post  /v1/problems/{id}/(note|(add|complete)-task)  responder problem_manager
    post  /v1/problems/{id}/(analyse|add-hypothesis)  responder problem_manager
    get   /v1/problems/{id}/analyses/{analysis}     readers
    post  /v1/problems/{id}/analyses/{analysis}/[a-z-]+  responder problem_manager
    post  /v1/problems/{id}/record-workaround-use  responder problem_manager
    get   /v1/problems/{id}/workaround-uses    readers
    post  /v1/problems/{id}/(assess|prioritise|confirm|assign|record-root-cause)  problem_manager
    post  /v1/problems/{id}/(plan-fix|record-change|resolve|reject-fix|close)  problem_manager
    post  /v1/problems/{id}/(accept-risk|mark-duplicate|cancel|reanalyse|review)  problem_manager
    post  /v1/problems/{id}/(un)?link-incident  problem_manager
    post  /v1/problems/{id}/(draft|publish|withdraw)-workaround  problem_manager
    get   /v1/candidates(/{id}(/timeline|/events)?)?  readers
    post  /v1/candidates/{id}/(accept|dismiss|merge)  problem_manager
    get   /v1/known-errors(/search|/{id}(/versions)?)?  readers
    post  /v1/known-errors                     problem_manager
    post  /v1/known-errors/match               readers
    post  /v1/known-errors/{id}/(revise|publish|supersede|retire|mark-fixed)  problem_manager
    post  /v1/known-errors/{id}/record-use     responder problem_manager
    get   /v1/problem/knowledge-base(\.zip)?   readers
    get   /v1/problem/policies/[a-z-]+(/versions)?  readers
    put   /v1/problem/policies/[a-z-]+         problem_manager
    post  /v1/problem/policies/trend-rules/dry-run  problem_manager
notification
    get   /v1/(contacts|notifications)(/{id})?  everybody
    get   /v1/contacts/{id}/versions           everybody
    get   /v1/subscriptions(/{id}(/versions)?)?  readers
    get   /v1/teams(/{id}(/versions)?)?        readers
    get   /v1/notifications/why                everybody
    post  /v1/dead-letters/redrive             notification_admin
    get   /v1/channels(/{id}(/versions)?)?     readers
    post  /v1/channels(/{id}/retire)?          notification_admin
    put   /v1/channels/{id}                    notification_admin
    get   /v1/inbox(/stream)?                  everybody
    post  /v1/inbox/{id}/(un)?read             everybody
    get   /v1/endpoints(/{id}(/versions)?)?    readers
    post  /v1/endpoints/{id}/probe             notification_admin
    get   /v1/webhooks(/{id}(/versions|/deliveries)?)?  readers
    post  /v1/webhooks(/{id}/(retire|rotate-secret|redrive|resume))?  notification_admin
    put   /v1/webhooks/{id}                    notification_admin
    get   /v1/notification/policies/[a-z-]+(/versions)?  readers
    put   /v1/notification/policies/[a-z-]+    notification_admin
    post  /v1/teams(/{id}/retire)?             notification_admin
    put   /v1/teams/{id}                       notification_admin
    get   /v1/schedules(/{id}(/versions|/on-call|/shifts|/calendar.ics)?)?  readers
    post  /v1/schedules(/{id}/(retire|override|remove-override))?  notification_admin
    put   /v1/schedules/{id}                   notification_admin
    get   /v1/audiences(/{id}(/versions|/members)?)?  readers
    post  /v1/audiences(/{id}/retire)?         notification_admin
    put   /v1/audiences/{id}                   notification_admin
    get   /v1/templates(/{id}(/versions)?)?    readers
    post  /v1/templates(/{id}/retire)?         notification_admin
    post  /v1/templates(/{id})?/preview        readers
    put   /v1/templates/{id}                   notification_admin
    get   /v1/escalation-policies(/{id}(/versions)?)?  readers
    post  /v1/escalation-policies(/{id}/retire)?  notification_admin
    put   /v1/escalation-policies/{id}         notification_admin
    get   /v1/notification/escalations(/{id})?  readers
    get   /v1/dead-letters                     readers
    post  /v1/contacts(/{id}/(retire|rotate-secret))?  people
    put   /v1/contacts/{id}                    people
    post  /v1/contacts/{id}/(send-code|verify)  people
    post  /v1/notification/replies             service
    get   /v1/notification/acknowledgements/by-key/{secret}  people
    post  /v1/notification/acknowledgements/by-key/{secret}  people
    post  /v1/subscriptions(/{id}/retire)?     notification_admin
    put   /v1/subscriptions/{id}               notification_admin
    post  /v1/notifications                    notification_admin
    post  /v1/notifications/{id}/acknowledge   people
    post  /v1/notifications/{id}/redrive       notification_admin
every
    get   /v1/me                               everybody
    get   /v1/(incident|problem|notification)/(feed|stream)  readers
    post  /v1/[a-z]+/stream-tickets            readers
    get   /v1/[a-z]+/(parked|work-lists)       auditor service
    get   /v1/[a-z]+/access-log                auditor
    post  /v1/[a-z]+/parked/{follower}/{subject}/redrive  service
"""


def expected(service: str, method: str, path: str) -> set[str]:
    """The roles of an operation; an operation nobody has thought of is an error."""
    found = [
        roles
        for own, verb, pattern, roles in _lines()
        if own in (service, "every") and verb == method and re.fullmatch(pattern, path)
    ]
    assert len(found) == 1, f"who may {method} {path} of the {service} service?"
    return found[0]


def _lines() -> list[tuple[str, str, str, set[str]]]:
    lines, service = [], ""
    for line in _RIGHTS.strip().splitlines():
        verb, *rest = line.split()
        if not rest:
            service = verb
            continue
        pattern, *names = rest
        roles = {role for name in names for role in GROUPS.get(name, {name})}
        lines.append((service, verb, re.sub(r"{(\w+)}", r"\\{\1\\}", pattern), roles))
    return lines
