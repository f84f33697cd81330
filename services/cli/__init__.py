"""The command line: what runs, feeds and checks the three services, and may know them all."""
