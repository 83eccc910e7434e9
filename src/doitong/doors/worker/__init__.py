"""The worker's door: takes jobs from the queue and hands each to the one service that does it."""
