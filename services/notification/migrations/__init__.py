"""The schema of the notification service, one step after the other, forward only."""
