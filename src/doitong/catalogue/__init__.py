"""What can be asked for and what it costs, as data."""
