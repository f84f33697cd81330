"""Lists of incidents: filters, orders, search, facets, views, streams."""
