"""Guarantee "Outbound addresses": every special-purpose range is denied up to its edges, and no further."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest

from doitong.egress import EgressPolicy
from doitong.egress.addresses import is_own_address
from doitong.egress.rules import is_denied, permits

# Each range with whether the address before its first and the one after its last are public.
RANGES = [
    ("0.0.0.0/8", None, True),
    ("10.0.0.0/8", True, True),
    ("100.64.0.0/10", True, True),
    ("127.0.0.0/8", True, True),
    ("169.254.0.0/16", True, True),
    ("172.16.0.0/12", True, True),
    ("192.0.0.0/24", True, True),
    ("192.0.2.0/24", True, True),
    ("192.31.196.0/24", True, True),
    ("192.52.193.0/24", True, True),
    ("192.88.99.0/24", True, True),
    ("192.168.0.0/16", True, True),
    ("192.175.48.0/24", True, True),
    ("198.18.0.0/15", True, True),
    ("198.51.100.0/24", True, True),
    ("203.0.113.0/24", True, True),
    ("224.0.0.0/4", True, False),
    ("240.0.0.0/4", False, None),
    ("255.255.255.255/32", False, None),
    ("168.63.129.16/32", True, True),
    ("::/128", None, False),
    ("::1/128", False, False),
    ("::/96", None, False),
    ("64:ff9b:1::/48", False, False),
    ("100::/64", False, False),
    ("100:0:0:1::/64", False, False),
    ("2001::/23", True, True),
    ("2001:db8::/32", True, True),
    ("2002::/16", True, True),
    ("2620:4f:8000::/48", True, True),
    ("3fff::/20", True, True),
    ("4000::/3", True, False),
    ("5f00::/16", False, False),
    ("fc00::/7", False, False),
    ("fe80::/10", False, False),
    ("fec0::/10", False, False),
    ("ff00::/8", False, None),
]


@pytest.mark.parametrize(("text", "is_public_before", "is_public_after"), RANGES)
def test_a_range_is_denied_from_its_first_to_its_last_address(
    text: str, is_public_before: bool | None, is_public_after: bool | None
) -> None:
    network = ip_network(text)
    first, last = network.network_address, network.broadcast_address
    assert is_denied(first)
    assert is_denied(last)
    assert is_denied(first + (int(last) - int(first)) // 2)
    if is_public_before is not None:
        assert is_denied(first - 1) is not is_public_before
    if is_public_after is not None:
        assert is_denied(last + 1) is not is_public_after


@pytest.mark.parametrize(
    "text",
    [
        "::ffff:127.0.0.1",  # mapped
        "::ffff:10.255.255.255",
        "::ffff:169.254.169.254",
        "::ffff:168.63.129.16",
        "::127.0.0.1",  # compatible
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",  # translated
        "64:ff9b::127.0.0.1",  # NAT64
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::192.168.0.1",
        "64:ff9b:1::8.8.8.8",  # local NAT64
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2002:a9fe:a9fe::1",
        "2002:808:808::1",  # 6to4 of a public address: an unknown relay all the same
        "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo of 127.0.0.1
        "2a00:1450::5efe:7f00:1",  # ISATAP of 127.0.0.1
        "2a00:1450::200:5efe:a00:1",
        "fd00:ec2::254",
        "100.100.100.200",
        "192.0.0.192",
        "192.0.0.9",
        "fe80::1%eth0",
    ],
)
def test_embeddings_and_cloud_servers_are_denied(text: str) -> None:
    assert is_denied(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8",
        "1.1.1.1",
        "193.2.1.66",
        "2001:4860:4860::8888",
        "2a00:1450::1",
        "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8",
    ],
)
def test_public_addresses_are_allowed(text: str) -> None:
    assert not is_denied(ip_address(text))


def test_no_random_address_of_a_private_range_slips_through_an_embedding() -> None:
    for inner in (IPv4Address("10.1.2.3"), IPv4Address("172.31.0.9"), IPv4Address("100.127.255.255")):
        for prefix in (0xFFFF << 32, 0, 0xFFFF << 48, 0x64_FF9B << 96):
            assert is_denied(IPv6Address(prefix | int(inner)))


def test_an_operator_can_allow_a_range_but_never_cloud_metadata() -> None:
    policy = EgressPolicy.from_ranges(["10.1.0.0/16", "169.254.0.0/16", "fd00::/8", "0.0.0.0/0"])
    assert permits(policy, ip_address("10.1.2.3"))
    assert permits(policy, ip_address("::ffff:10.1.2.3"))
    assert permits(policy, ip_address("fd12::1"))
    assert not permits(policy, ip_address("fe80::1"))
    for text in ("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "168.63.129.16"):
        assert not permits(policy, ip_address(text))


def test_loopback_is_allowed_only_when_asked_for() -> None:
    assert not permits(EgressPolicy(), ip_address("127.0.0.1"))
    assert permits(EgressPolicy.from_ranges([], is_loopback_allowed=True), ip_address("127.8.9.10"))
    assert permits(EgressPolicy.from_ranges([], is_loopback_allowed=True), ip_address("::1"))
    assert not permits(EgressPolicy.from_ranges([], is_loopback_allowed=True), ip_address("10.0.0.1"))


def test_the_machine_knows_its_own_address() -> None:
    assert is_own_address(ip_address("127.0.0.1"))
    assert not is_own_address(ip_address("203.0.113.7"))
