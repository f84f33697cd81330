"""Metrics of problems: formulas with versions, at any moment, with what proves each value."""
