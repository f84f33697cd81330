"""Lists of problems: which, in which order, how many of each kind, at any moment."""
