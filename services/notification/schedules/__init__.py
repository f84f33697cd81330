"""Schedules: who is on call, now or at any past moment, by rotations and overrides."""
