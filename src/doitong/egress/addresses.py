"""Finding the addresses of a host and judging every one of them before anything connects."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from doitong.egress import rules
from doitong.egress.model import Address, AddressDenied, EgressPolicy, Resolver

LOOKUPS_AT_ONCE = 16
_DISCARD_PORT = 9


def system_resolver() -> Resolver:
    """The machine's resolver on threads of its own, so that slow names delay nothing else."""
    threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="egress-resolver")

    async def resolve(host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(threads, _look_up, host, port)
        return list(dict.fromkeys(found))

    return resolve


def _look_up(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_own_address(address: Address) -> bool:
    """Whether this machine itself holds the address: the kernel would call it from itself. Sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), _DISCARD_PORT))
            return ip_address(probe.getsockname()[0]) == address
    except OSError:
        return False


class AddressBook:
    """Answers the addresses that a host may be called at, or none at all."""

    def __init__(
        self,
        policy: EgressPolicy,
        resolver: Resolver,
        is_own: Callable[[Address], bool] = is_own_address,
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._is_own = is_own

    async def find(self, host: str, port: int) -> list[Address]:
        """Look the host up once and check every address of the answer.

        Raises `AddressDenied` when there is none or when one of them is denied: a name that mixes public and
        inner addresses is nobody's honest setting.
        """
        addresses = await self._look_up(host, port)
        denied = [address for address in addresses if not self._is_permitted(address)]
        if denied or not addresses:
            raise AddressDenied(f"{host}: {denied[0] if denied else 'no address'}")
        return addresses

    async def _look_up(self, host: str, port: int) -> list[Address]:
        try:
            return [_as_connected(ip_address(host))]
        except ValueError:
            pass
        try:
            return [_as_connected(ip_address(text)) for text in await self._resolver(host, port)]
        except (OSError, ValueError) as error:
            raise AddressDenied(f"{host}: {error}") from error

    def _is_permitted(self, address: Address) -> bool:
        if not rules.permits(self._policy, address):
            return False
        return rules.is_allowed_by_operator(self._policy, address) or not self._is_own(address)


def _as_connected(address: Address) -> Address:
    """A mapped address is connected to as the IPv4 address it is; NAT64 keeps the form that is routed."""
    is_mapped = address.version == 6 and address.ipv4_mapped is not None
    return rules.effective_address(address) if is_mapped else address
