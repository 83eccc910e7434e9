"""Space: stars, nebulae, a galaxy, a planet with its rings and moon."""
