"""The words, clock, ids and errors that every noun shares. Imports nothing of the outside world."""
