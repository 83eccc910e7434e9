"""What renders: the port, and the engines behind it."""
