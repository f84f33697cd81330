"""Service levels by the clock: a pure fold over events, kept as rows and timers.

The way of a clock: events are `steps` to it, which the `fold` makes into clocks by the `rules` in
force at that position (`book`). `desk` does that for one incident when it is asked for; `keeper`
follows the log and keeps rows for lists and timers, which `ringing` answers; `rerun` judges anew.
"""
