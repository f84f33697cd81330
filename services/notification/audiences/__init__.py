"""Audiences: who is meant by a name, and what a status update tells them."""
