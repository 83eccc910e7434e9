"""Alerts: what an account wants to be told about its credits, and telling it once."""
