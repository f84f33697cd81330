"""Another system's history, taken over as it was: its steps, its times, its actors."""
