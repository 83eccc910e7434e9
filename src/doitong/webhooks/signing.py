"""The signatures of a webhook: the documented header and those of Standard Webhooks.

Both sign the very bytes that are sent.

`X-Doitong-Signature: sha256=<hex>` is HMAC-SHA256 of the body; its key is the signing secret as it is shown,
`whsec_` included, as UTF-8. It always holds exactly one signature, made with the current secret, because
documented receivers compare the whole header; for 24 hours after a rotation `X-Doitong-Signature-Previous`
carries the same under the previous secret.

`webhook-signature: v1,<base64>` is HMAC-SHA256 of `id.timestamp.body`; its key is the base64-decoded part
after `whsec_`. After a rotation both signatures stand in it, separated by a space, as the specification says:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105  a prefix, not a secret


def sign(body: bytes, event_id: str, timestamp: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """The signature headers. `secrets` is the current one, then the previous one while it is honoured."""
    assert 1 <= len(secrets) <= 2
    seconds = str(int(timestamp.timestamp()))
    signed = f"{event_id}.{seconds}.".encode() + body
    headers = {
        "X-Doitong-Signature": _doitong_signature(secrets[0], body),
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(_standard_signature(secret, signed) for secret in secrets),
    }
    if len(secrets) == 2:
        headers["X-Doitong-Signature-Previous"] = _doitong_signature(secrets[1], body)
    return headers


def _doitong_signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def _standard_signature(secret: str, signed: bytes) -> str:
    encoded = secret.removeprefix(SECRET_PREFIX)
    key = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
