"""Under the sea: surface from below, caustics on the bed, reef and kelp, fish, bubbles and light shafts."""
