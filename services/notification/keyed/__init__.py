"""What managed data with keys of its own has alike: rows, questions, secrets."""
