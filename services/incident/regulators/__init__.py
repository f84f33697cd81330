"""Regulators' clocks: what was recorded of an incident, which report is due when, and why."""
