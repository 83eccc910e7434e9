"""The command `doitong`."""
