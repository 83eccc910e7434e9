"""The client's idempotency key: which request it stood for, and the answer that is given again."""
