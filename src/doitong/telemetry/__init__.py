"""What operators see: structured logs without secrets, and metrics."""
