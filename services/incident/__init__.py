"""Incidents from the first alert to closure; begin at events.py, lifecycle.py and routes.py."""
