"""What is sold: limits by minute, at once and by day, and the counters that hold them exactly."""
