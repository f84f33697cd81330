"""Whether an address is its person's own: codes that are sent, and told back."""
