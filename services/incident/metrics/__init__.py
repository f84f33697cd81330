"""Metrics of incidents: formulas with versions, at any moment, with what proves each value."""
