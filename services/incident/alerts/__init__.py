"""Alerts of monitors: from a payload to a decision about a group of them, and to its incident.

The way of an alert: a sender's form is read (`senders`), taken in once (`taking`, `intake`), parted
into groups as the rules say (`parts`, `rules`), and each group's `news` decided: what keeps it back
(`judgement`), where it leads (`course`), all in one unit of work (`decision`, `effects`).
"""
