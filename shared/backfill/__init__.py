"""Another system's history, taken over as it was: what the services share of it."""
