"""What the doors promise for every request, good and bad."""
