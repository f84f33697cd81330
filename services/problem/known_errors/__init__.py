"""Known errors: problems analysed but not fixed, found while the phone still rings.

The way of a search: what is typed, or an incident, becomes a `question` (its `words`, their `slips`
and others of the `thesaurus`), is looked up (`finding`, by `meaning` where a model is installed)
and judged (`scoring`). `suggesting` asks so for each new incident by itself; what was offered and
used stands in `offers`.
"""
