"""Root cause analyses: five methods as structured data, judged, concluded and drawn."""
