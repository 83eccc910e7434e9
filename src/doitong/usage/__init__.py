"""Usage: ended generations counted by day, service, key and quality."""
