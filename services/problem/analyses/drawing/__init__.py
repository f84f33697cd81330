"""Analyses as pictures: SVG that holds all it needs; what people wrote is never markup."""
