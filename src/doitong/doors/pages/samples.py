"""The requests that the pages show: those of the public documentation, ready to run."""

EXPLORER_QUERY = """\
mutation Generate($input: GenerateInput!) {
  generate(input: $input) {
    id
    status
    type
    provider
    url
    metadata
    creditCost
    createdAt
  }
}
"""

EXPLORER_VARIABLES = """\
{
  "input": {
    "type": "VIDEO",
    "provider": "runway",
    "input": {
      "text": "A serene landscape with mountains and a lake at sunset"
    },
    "options": {
      "duration": 5,
      "aspectRatio": "16:9",
      "version": "gen-4",
      "quality": "standard"
    }
  }
}
"""

CURL = """\
curl -X POST {url}/graphql \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Idempotency-Key: $(uuidgen)" \\
  -d '{
    "query": "mutation Generate($input: GenerateInput!) { generate(input: $input) { id status type provider url metadata creditCost } }",
    "variables": {
      "input": {
        "type": "VIDEO",
        "provider": "runway",
        "input": { "text": "A serene landscape with mountains and a lake at sunset" },
        "options": { "duration": 5, "aspectRatio": "16:9" }
      }
    }
  }'"""  # noqa: E501
