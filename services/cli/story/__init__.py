"""The demo: one story from an alert to a closed problem, told with the call behind each step."""
