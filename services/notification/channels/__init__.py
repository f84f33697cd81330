"""Channels: the ways out of the house, their forms and their vendors."""
