"""A city by the water: what stands where, how it is lit, and how it is seen."""
