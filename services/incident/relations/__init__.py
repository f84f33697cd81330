"""Incidents and what they are tied to: families, merges, links, attachments, escalations."""
