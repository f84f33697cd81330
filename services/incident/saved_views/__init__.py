"""Saved views: filters, order and columns under a name, one's own or shared."""
