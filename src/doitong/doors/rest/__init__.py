"""REST: every route as a row of one table."""
