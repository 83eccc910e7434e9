"""What may be called: decided on a URL's text and on the address that is connected to. Pure."""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote

import idna

from doitong.egress.model import Address, AddressDenied, CheckedUrl, EgressPolicy, UrlMalformed
from doitong.egress.ranges import (
    CLOUD_SERVERS,
    DENIED_IPV4,
    DENIED_IPV6,
    DENIED_PORTS,
    GLOBAL_UNICAST_IPV6,
    IPV4_MAPPED,
    NAT64,
)

MAXIMUM_URL_LENGTH = 2048
_MAXIMUM_HOST_LENGTH = 253
_FORM = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
_PORT = re.compile(r"[0-9]{1,5}")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_OTHER_DOTS = ("\u3002", "\uff0e", "\uff61")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT_IN_TARGET = "%/:?[]@!$&'()*+,;=-._~|^`{}\"<>"


def effective_address(address: Address) -> Address:
    """The address that a packet reaches: the inner one of an IPv4-mapped or well-known NAT64 address."""
    if isinstance(address, IPv6Address) and (address in IPV4_MAPPED or address in NAT64):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_denied(address: Address) -> bool:
    """Whether an address is not an ordinary public one, by itself or by an address embedded in it.

    Other embeddings than the two of `effective_address` (compatible, translated, 6to4, Teredo, local NAT64)
    are denied whatever they hold: an unknown relay would decide where they go. ISATAP's is looked into.
    """
    inner = effective_address(address)
    if inner in CLOUD_SERVERS:
        return True
    if isinstance(inner, IPv4Address):
        return any(inner in network for network in DENIED_IPV4)
    if inner not in GLOBAL_UNICAST_IPV6 or any(inner in network for network in DENIED_IPV6):
        return True
    return _is_isatap(inner) and is_denied(IPv4Address(int(inner) & 0xFFFF_FFFF))


def _is_isatap(address: IPv6Address) -> bool:
    """Whether the interface identifier is 0000:5EFE or 0200:5EFE before an IPv4 address (RFC 5214)."""
    return (int(address) >> 32) & 0xFDFF_FFFF == 0x0000_5EFE


def permits(policy: EgressPolicy, address: Address) -> bool:
    """Whether the policy lets us connect. Cloud metadata stays denied whatever range an operator allows."""
    inner = effective_address(address)
    if inner in CLOUD_SERVERS:
        return False
    return is_allowed_by_operator(policy, inner) or not is_denied(inner)


def is_allowed_by_operator(policy: EgressPolicy, address: Address) -> bool:
    inner = effective_address(address)
    return any(inner.version == network.version and inner in network for network in policy.allow)


def check_url(
    url: str, *, schemes: Collection[str] = ("http", "https"), allow_ports: Collection[int] | None = None
) -> CheckedUrl:
    """Parse a user's URL strictly, so that no two readers can understand it differently.

    Raises `UrlMalformed` for what is no http(s) URL of the accepted form, `AddressDenied` for a host that is
    an address in disguise and for a port that never speaks HTTP. `allow_ports` narrows the ports to a list.
    """
    _check_characters(url)
    match = _FORM.fullmatch(url)
    if match is None or match[1].lower() not in schemes:
        raise UrlMalformed("scheme")
    scheme, authority = match[1].lower(), match[2]
    if "@" in authority:
        raise UrlMalformed("userinfo")
    host_text, port_text = _split_port(authority)
    host, address = _check_host(host_text)
    port = _check_port(port_text, _DEFAULT_PORTS[scheme], allow_ports)
    target = quote((match[3] or "/") + (match[4] or ""), safe=_KEPT_IN_TARGET)
    return CheckedUrl(scheme, host, port, target, address)


def _check_characters(url: str) -> None:
    if len(url) > MAXIMUM_URL_LENGTH:
        raise UrlMalformed("length")
    if "\\" in url or any(not character.isprintable() or character.isspace() for character in url):
        raise UrlMalformed("characters")


def _split_port(authority: str) -> tuple[str, str]:
    """Host and port text; the brackets of an IPv6 literal stay on the host."""
    if authority.startswith("["):
        host, bracket, rest = authority.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise UrlMalformed("brackets")
        return host + bracket, rest
    host, colon, port = authority.partition(":")
    return host, colon + port


def _check_port(text: str, default: int, allow_ports: Collection[int] | None) -> int:
    if not text:
        port = default
    elif _PORT.fullmatch(text[1:]) and int(text[1:]) <= 65535:
        port = int(text[1:])
    else:
        raise UrlMalformed("port")
    if port in DENIED_PORTS or (allow_ports is not None and port not in allow_ports):
        raise AddressDenied("port")
    return port


def _check_host(text: str) -> tuple[str, Address | None]:
    """The host in ASCII, with its address when it is a literal in the one canonical form."""
    if text.startswith("["):
        return _check_ipv6_literal(text[1:-1])
    host = _to_ascii(text)
    labels = host.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1] or (labels[-2] if len(labels) > 1 else "")):
        return _check_ipv4_literal(host)
    if len(host) > _MAXIMUM_HOST_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlMalformed("host")
    return host, None


def _check_ipv6_literal(text: str) -> tuple[str, Address]:
    if "%" in text:
        raise UrlMalformed("zone")
    try:
        address = IPv6Address(text)
    except ValueError as error:
        raise UrlMalformed("IPv6 literal") from error
    return str(address), address


def _check_ipv4_literal(host: str) -> tuple[str, Address]:
    """Only a canonical dotted quad: `127.1`, `0x7f.1`, `2130706433` and a trailing dot mean different hosts
    to different readers."""
    try:
        address = ip_address(host)
    except ValueError as error:
        raise AddressDenied("ambiguous numeric host") from error
    return str(address), address


def _to_ascii(text: str) -> str:
    if any(dot in text for dot in _OTHER_DOTS):
        raise UrlMalformed("dots")
    host = text.lower()
    if host.isascii():
        return host
    try:
        return idna.encode(host, strict=True).decode()
    except idna.IDNAError as error:
        raise UrlMalformed("internationalized host") from error
