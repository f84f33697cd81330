"""Trends among incidents: rules as data, watched as incidents are told, tried over all history."""
