"""Land and water: height fields, what grows on them, and how a moving camera sees them."""
