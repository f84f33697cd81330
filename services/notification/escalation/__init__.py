"""Pages that go on to the next person until somebody acknowledges, or nobody is left."""
