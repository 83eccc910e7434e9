"""Sky, light and weather."""
