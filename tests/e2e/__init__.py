"""The whole system, as a customer and an operator meet it."""
