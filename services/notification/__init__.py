"""Who is told of what, and how; begin at policies.py (planned), sender.py (sent), escalation."""
