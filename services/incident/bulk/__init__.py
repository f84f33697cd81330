"""One command on many incidents, each in its own right."""
