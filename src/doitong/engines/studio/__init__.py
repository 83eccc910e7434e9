"""Studio, the embedded procedural film engine: any CPU, no weights, no network."""
