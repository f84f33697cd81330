"""Webhooks of other systems: the feed brought to an address, by a cursor of its own."""
