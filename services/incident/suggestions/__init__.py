"""Known errors that are likely behind an incident, as the problem service suggests them."""
