"""The schema of the incident service, one step after the other, forward only."""
