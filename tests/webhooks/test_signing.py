"""Guarantee: the signed bytes are the sent bytes; a flipped byte is rejected; two signatures on rotation."""

import base64
import hashlib
import hmac
import random
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from doitong.accounts.rules import signing_secret
from doitong.webhooks.signing import sign

BODY = '{"id":"abc123xyz","status":"completed","note":"čšž 🎬"}'.encode()
CURRENT, PREVIOUS, STRANGER = (signing_secret(bytes([seed]) * 32) for seed in (1, 2, 3))


def now() -> datetime:
    """The machine's clock, which the reference library compares with."""
    return datetime.now(UTC)


def documented(secret: str, body: bytes) -> str:
    """What the documentation tells a receiver to compute."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_documented_header_is_the_hex_hmac_of_the_body() -> None:
    assert sign(BODY, "e1", now(), [CURRENT])["X-Doitong-Signature"] == documented(CURRENT, BODY)


def test_known_answer() -> None:
    """A vector computed with `openssl dgst -sha256 -hmac`."""
    headers = sign(b'{"id":"abc123xyz"}', "e1", datetime(2024, 1, 1, tzinfo=UTC), ["whsec_c2VjcmV0"])
    kind, digest = headers["X-Doitong-Signature"].split("=")
    assert kind == "sha256"
    assert digest == "68bb3284121151423b0565cc4dbb5f0d7f26aea7dc3d5e455a60acea62a63cd3"
    assert headers["webhook-timestamp"] == "1704067200"
    assert headers["webhook-signature"] == "v1,MVvdOICL2zQyE6nhi+kDY86MMn1dcWk3wP04jp51QS0="


def test_reference_library_accepts() -> None:
    headers = sign(BODY, "e1", now(), [CURRENT])
    assert Webhook(CURRENT).verify(BODY, headers)["id"] == "abc123xyz"
    assert "X-Doitong-Signature-Previous" not in headers


@pytest.mark.parametrize("secret", [CURRENT, PREVIOUS])
def test_rotation_honours_both_secrets(secret: str) -> None:
    headers = sign(BODY, "e1", now(), [CURRENT, PREVIOUS])
    assert Webhook(secret).verify(BODY, headers)
    names = ("X-Doitong-Signature", "X-Doitong-Signature-Previous")
    assert documented(secret, BODY) in [headers[name] for name in names]
    assert headers["X-Doitong-Signature"] == documented(CURRENT, BODY)


def test_another_secret_is_rejected() -> None:
    headers = sign(BODY, "e1", now(), [CURRENT, PREVIOUS])
    with pytest.raises(WebhookVerificationError):
        Webhook(STRANGER).verify(BODY, headers)


def test_one_flipped_byte_is_rejected() -> None:
    """1,000 cases: a byte of the body, the id, the time or the signature."""
    chance = random.Random(2026)
    ascii_body = b'{"id":"abc123xyz","status":"completed","service":"runway","url":null}'
    good = sign(ascii_body, "01khwxyz", now(), [CURRENT])
    accepted = 0
    for _ in range(1000):
        headers, body = dict(good), bytearray(ascii_body)
        match chance.choice(["body", "webhook-id", "webhook-signature"]):
            case "body":
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(7)
                assert documented(CURRENT, bytes(body)) != headers["X-Doitong-Signature"]
            case "webhook-signature":
                digest = bytearray(base64.b64decode(headers["webhook-signature"][3:]))
                digest[chance.randrange(32)] ^= 1 << chance.randrange(8)
                headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
            case name:
                flipped = bytearray(headers[name].encode())
                flipped[chance.randrange(len(flipped))] ^= 1
                headers[name] = flipped.decode()
        try:
            Webhook(CURRENT).verify(bytes(body), headers, json_parse=False)
            accepted += 1
        except WebhookVerificationError:
            pass
    assert accepted == 0


def test_shifted_time_is_rejected() -> None:
    """The timestamp is signed: a replay cannot be given a fresh one."""
    headers = sign(BODY, "e1", now(), [CURRENT])
    headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(CURRENT).verify(BODY, headers)
