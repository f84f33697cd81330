"""Alerts of monitors: from a payload (senders) to a decision about a group, and its incident."""
