"""What may not go to an engine with a content policy, and who has tried too often."""
