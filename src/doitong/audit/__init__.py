"""Audit: one row for each change that somebody made."""
