"""API keys: made, shown once, kept as digests, and recognised at every door."""
