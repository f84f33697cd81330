"""Why somebody was told or not: quiet hours, throttles, bundles, each decision on record."""
