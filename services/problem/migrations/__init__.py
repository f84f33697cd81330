"""The schema of the problem service, one step after the other, forward only."""
