"""Pure decisions about shares: what a token looks like."""

from base64 import urlsafe_b64encode
from re import compile as pattern

from doitong.core.ids import RandomBits

TOKEN_BITS = 128
_TOKEN = pattern(r"[A-Za-z0-9_-]{22}")


def new_token(random_bits: RandomBits) -> str:
    """128 random bits as 22 characters that may stand in an address."""
    return urlsafe_b64encode(random_bits(TOKEN_BITS).to_bytes(TOKEN_BITS // 8, "big")).rstrip(b"=").decode()


def is_token(text: str) -> bool:
    """Whether `text` has the shape of a token of ours."""
    return _TOKEN.fullmatch(text) is not None
