"""What the problem service tells, and what it means for incidents that are linked to a problem."""
