"""Service levels by the clock: a pure fold over events, kept as rows and timers."""
