"""The catalogue: services, configuration items and maintenance windows, by their keys."""
