"""Credits: a double-entry ledger whose entries only grow, and holds that are resolved once."""
