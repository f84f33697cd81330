"""Why somebody was told or not: quiet hours, throttles, bundles, each decision on record.

A fact is weighed for everybody it concerns (`deciding`, by the rules of `weighing`); what is held
until later goes as one message (`bundling`); `why` answers with the decision and what came of it.
"""
