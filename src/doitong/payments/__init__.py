"""Payments: credits bought through Stripe Checkout, granted exactly once."""
