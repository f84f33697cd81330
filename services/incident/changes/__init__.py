"""Changes that pipelines tell of: the first thing that responders look at."""
