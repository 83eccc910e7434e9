"""Webhooks: telling a customer's server that something happened, durably and signed."""
