"""Who is calling: tokens of one issuer, API keys, roles."""
