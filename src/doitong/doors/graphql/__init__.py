"""GraphQL: the schema, and GraphQL over HTTP."""
