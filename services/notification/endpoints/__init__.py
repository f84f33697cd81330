"""Endpoints that are down: a breaker for each, and what is brought when one is back."""
