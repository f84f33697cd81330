"""The HTTP conventions of every service, once."""
