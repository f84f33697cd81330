"""Post-incident reviews: facts replayed from the log, sections and action items of people."""
