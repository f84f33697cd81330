"""Trends among incidents: rules as data, watched as incidents are told, tried over all history.

The way of a candidate: a fact of an incident is a sighting (`hearing`, `sighting`), kept for later
(`journal`) and handed to the watch (`live`), which folds it (`fold`, one `group` for each key of a
rule) into candidates to be raised or joined. A dry run folds the journal in the same way. What
people then do with a candidate is in `candidate.py` and `candidate_routes.py`, one folder up.
"""
