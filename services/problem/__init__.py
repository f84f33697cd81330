"""Problems from suspicion to lessons learned; begin at events.py, lifecycle.py and routes.py."""
