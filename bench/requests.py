"""The requests of the measurements, as heads and bodies on the wire."""

import json

GENERATE = (
    "mutation Generate($input: GenerateInput!) "
    "{ generate(input: $input) { id status type provider url metadata creditCost } }"
)
STATUS = "query Status($id: ID!) { generation(id: $id) { id status url progress stage } }"
HELLO = "mutation Hello($name: String!) { hello(name: $name) }"
SEED_INPUT = {
    "type": "VIDEO",
    "provider": "runway",
    "input": {"text": "A serene landscape with mountains and a lake at sunset"},
    "options": {"duration": 5, "aspectRatio": "16:9"},
}


def head(method: str, path: str, api_key: str | None = None, *, idempotent: bool = False) -> str:
    """A request's head, without Content-Length."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    if api_key:
        lines.append(f"Authorization: Bearer {api_key}")
    if idempotent:
        lines.append("Idempotency-Key: bench-{n}")
    return "\r\n".join(lines) + "\r\n"


def graphql(query: str, variables: object) -> str:
    return json.dumps({"query": query, "variables": variables})
