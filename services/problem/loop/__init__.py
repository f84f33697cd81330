"""The loop with incidents: what is tried on them, who waits too late, what comes back."""
