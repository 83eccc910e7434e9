"""What a film sounds like: an ambience made from nothing but numbers, to fit its scene."""
