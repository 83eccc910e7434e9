"""Measurements of this house, as ratios in one run against things a visitor knows. `make bench` runs them all."""
