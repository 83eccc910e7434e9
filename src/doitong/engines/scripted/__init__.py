"""An engine that does what the prompt says: for tests, and for integrators who rehearse failures offline."""
