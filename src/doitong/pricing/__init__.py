"""What a film costs here and now: the catalogue's prices, until an operator sets others."""
