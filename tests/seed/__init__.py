"""The public page's own samples, run against a running system."""
