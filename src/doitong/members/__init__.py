"""Members: the people who sign in, their roles in accounts, sessions and links by mail."""
