"""Accounts: the tenants that own keys, credits and generations."""
