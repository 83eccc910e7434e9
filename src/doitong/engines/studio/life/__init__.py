"""What lives and drifts in front of a scene."""
