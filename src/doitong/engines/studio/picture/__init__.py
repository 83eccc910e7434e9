"""A customer's picture, set in motion."""
