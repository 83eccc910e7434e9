"""Sharing: links that show one film to whoever has them."""
