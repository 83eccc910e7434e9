"""Oversight: what the operator sees of the whole installation."""
