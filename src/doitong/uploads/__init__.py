"""Uploads: pictures that customers give, cleaned before anything else sees them."""
