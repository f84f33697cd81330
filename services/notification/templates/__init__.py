"""Templates: the words of what is told, substituted and never computed."""
