"""The gallery: fifty clips that show what Studio can draw, each measured, with a page to look at. `make gallery`."""
