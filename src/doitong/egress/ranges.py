"""The address tables: every IANA special-purpose range, and what clouds keep behind ordinary addresses.

Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries, the multicast and reserved blocks of the
IPv4 and IPv6 address space registries, and the published metadata addresses of cloud providers.
"""

from ipaddress import IPv4Network, IPv6Network, ip_address

DENIED_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # shared address space of carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link local (RFC 3927)
        "172.16.0.0/12",  # private use (RFC 1918)
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890), DS-Lite, PCP, TURN, NAT64 discovery
        "192.0.2.0/24",  # documentation TEST-NET-1 (RFC 5737)
        "192.31.196.0/24",  # AS112-v4 (RFC 7535)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # 6to4 relay anycast, deprecated (RFC 7526)
        "192.168.0.0/16",  # private use (RFC 1918)
        "192.175.48.0/24",  # direct delegation AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",  # documentation TEST-NET-2 (RFC 5737)
        "203.0.113.0/24",  # documentation TEST-NET-3 (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, class E, with the limited broadcast (RFC 1112, RFC 919)
    )
)

GLOBAL_UNICAST_IPV6 = IPv6Network("2000::/3")  # all that is allocated for the public Internet (RFC 4291)

DENIED_IPV6 = tuple(
    IPv6Network(text)
    for text in (
        "::/96",  # unspecified, loopback, IPv4-compatible (RFC 4291)
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 7915)
        "64:ff9b:1::/48",  # local-use NAT64 (RFC 8215)
        "100::/64",  # discard only (RFC 6666)
        "100:0:0:1::/64",  # dummy prefix (RFC 9780)
        "2001::/23",  # IETF protocol assignments (RFC 2928): Teredo, ORCHID, benchmarking, AMT, AS112, DETs
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4 (RFC 3056): a relay decides where it goes
        "2620:4f:8000::/48",  # direct delegation AS112 (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing SIDs (RFC 9602)
        "fc00::/7",  # unique local (RFC 4193)
        "fe80::/10",  # link local (RFC 4291)
        "fec0::/10",  # site local, deprecated (RFC 3879)
        "ff00::/8",  # multicast (RFC 4291)
    )
)

IPV4_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052

CLOUD_SERVERS = frozenset(
    ip_address(text)
    for text in (
        "100.100.100.200",  # Alibaba Cloud metadata
        "168.63.129.16",  # Azure wire server, a public address
        "169.254.0.23",  # Tencent Cloud metadata
        "169.254.169.254",  # AWS, Google, Azure, OpenStack and others
        "169.254.170.2",  # AWS ECS task credentials
        "169.254.170.23",  # AWS EKS pod identity
        "192.0.0.192",  # Oracle Cloud metadata
        "fd00:42::42",  # Scaleway metadata
        "fd00:c1::a9fe:a9fe",  # Oracle Cloud metadata
        "fd00:ec2::23",  # AWS EKS pod identity
        "fd00:ec2::253",  # AWS resolver
        "fd00:ec2::254",  # AWS metadata
        "fd20:ce::254",  # Google Cloud metadata
        "fe80::a9fe:a9fe",  # OpenStack metadata
    )
)

# The "bad ports" of the WHATWG Fetch standard, and the databases of our own kind: nothing there speaks HTTP.
# Every other port from 1 to 65535 may be called.
DENIED_PORTS = frozenset(
    {
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389),
        *(427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636),
        *(989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566),
        *(6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
        *(3306, 5432, 6379, 11211, 27017),
    }
)
