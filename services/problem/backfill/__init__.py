"""Another system's history of problems, taken over as it was: its steps, its times, its actors."""
