"""Known errors: problems analysed but not fixed, found while the phone still rings."""
