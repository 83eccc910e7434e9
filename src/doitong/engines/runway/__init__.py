"""Runway's own API as an engine. Its facts, its table and its failure policy: docs/runway.md."""
