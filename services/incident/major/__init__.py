"""Major incidents: who leads them, who is told what by when, and how they may close."""
