"""Lists of incidents: which, in which order, how many of each kind, at any moment."""
