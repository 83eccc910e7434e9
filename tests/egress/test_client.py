"""Guarantee "Outbound addresses": decided on the address that is connected to, bounded in time and size."""

import asyncio
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doitong.core.errors import DoitongError
from doitong.egress import EgressClient, EgressFailed, EgressFailure, EgressLimits, EgressPolicy

QUICK = EgressLimits(connect_seconds=0.4, whole_seconds=0.5)
PUBLIC = "198.41.0.4"


async def refusal(client: EgressClient, url: str) -> str:
    with pytest.raises(DoitongError) as caught:
        await client.check_address(url, "webhookUrl")
    return str(caught.value.to_body())


async def test_denied_addresses_bring_no_connection_to_a_canary_on_loopback(serve: Any, answering: Any) -> None:
    from tests.egress.test_urls import TRICKY

    async with serve() as canary:
        client = EgressClient(EgressPolicy(), resolver=answering(["127.0.0.1"]), limits=QUICK)
        plain = ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::ffff:127.0.0.1]:{port}/"]
        for url in [text.format(port=canary.port) for text in plain + TRICKY]:
            await refusal(client, url)
            with pytest.raises(EgressFailed) as caught:
                await client.post(url, content=b"{}", headers={})
            assert caught.value.failure is EgressFailure.ADDRESS_DENIED
        await client.close()
        assert canary.connections == 0


async def test_a_name_that_turns_from_public_to_loopback_never_reaches_loopback(serve: Any, answering: Any) -> None:
    """The first lookup (at create) is public, the one of the send is not; 1,000 times."""
    async with serve() as canary:
        for _ in range(1000):
            client = EgressClient(
                EgressPolicy(), resolver=answering([PUBLIC], ["127.0.0.1"]), is_own=lambda address: False
            )
            url = f"http://rebinding.example:{canary.port}/"
            assert await client.check_address(url, "webhookUrl") == url
            with pytest.raises(EgressFailed):
                await client.post(url, content=b"{}", headers={})
            await client.close()
        assert canary.connections == 0


async def test_a_name_with_one_denied_address_among_public_ones_is_denied(answering: Any) -> None:
    client = EgressClient(EgressPolicy(), resolver=answering([PUBLIC, "10.0.0.1"]))
    assert "ADDRESS_DENIED" in await refusal(client, "https://mixed.example/")


async def test_the_connection_goes_to_the_address_of_the_one_lookup(serve: Any, loopback: EgressPolicy) -> None:
    lookups: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"]

    async with serve() as canary:
        client = EgressClient(loopback, resolver=resolve)
        answer = await client.post(
            f"http://hooks.example:{canary.port}/in?x=1",
            content=b'{"a":1}',
            headers={"Content-Type": "text/plain"},
        )
        await client.close()
    assert (answer.status, answer.body, answer.cut) == (200, b"ok", None)
    assert lookups == ["hooks.example"]
    assert canary.requests[0].startswith(b"POST /in?x=1 HTTP/1.1\r\n")
    assert f"Host: hooks.example:{canary.port}\r\n".encode() in canary.requests[0]
    assert canary.requests[0].endswith(b'{"a":1}')


async def test_the_machine_s_own_public_address_is_denied_until_it_is_allowed(answering: Any) -> None:
    url = "https://ourselves.example/"
    client = EgressClient(EgressPolicy(), resolver=answering([PUBLIC]), is_own=lambda address: True)
    assert "ADDRESS_DENIED" in await refusal(client, url)
    allowing = EgressPolicy.from_ranges([f"{PUBLIC}/32"])
    client = EgressClient(allowing, resolver=answering([PUBLIC]), is_own=lambda address: True)
    assert await client.check_address(url, "webhookUrl") == url


async def test_denied_reads_the_same_for_open_closed_and_unknown(serve: Any, answering: Any) -> None:
    async with serve() as canary:
        client = EgressClient(EgressPolicy(), resolver=answering(["127.0.0.1"]))
        is_open = await refusal(client, f"http://inner.example:{canary.port}/")
    is_closed = await refusal(client, f"http://inner.example:{canary.port}/")
    unknown = EgressClient(EgressPolicy(), resolver=answering([]))
    assert is_open == is_closed == await refusal(unknown, "http://no-such-name.example/")


async def test_a_malformed_url_names_the_parameter_and_the_rule(answering: Any) -> None:
    client = EgressClient(EgressPolicy(), resolver=answering([PUBLIC]))
    with pytest.raises(DoitongError) as caught:
        await client.check_address("ftp://example.com/", "webhookUrl")
    assert caught.value.code == "INVALID_PARAMETER"
    assert caught.value.details["parameter"] == "webhookUrl"


async def test_redirects_are_answers_and_are_not_followed(serve: Any, loopback: EgressPolicy) -> None:
    async with serve() as target:

        async def redirect(request: bytes, writer: asyncio.StreamWriter) -> None:
            location = f"http://127.0.0.1:{target.port}/".encode()
            writer.write(b"HTTP/1.1 307 Go\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")

        async with serve(redirect) as canary:
            client = EgressClient(loopback)
            answer = await client.post(f"http://127.0.0.1:{canary.port}/", content=b"{}", headers={})
            await client.close()
        assert answer.status == 307
        assert target.connections == 0


async def test_proxies_of_the_environment_are_ignored(
    serve: Any, loopback: EgressPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as proxy, serve() as canary:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        client = EgressClient(loopback)
        await client.post(f"http://127.0.0.1:{canary.port}/", content=b"{}", headers={})
        await client.close()
        assert (proxy.connections, len(canary.requests)) == (0, 1)


async def _endless(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def _slow_body(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 202 OK\r\nContent-Length: 100\r\n\r\nabc")
    await writer.drain()
    await asyncio.Event().wait()


async def _slow_head(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow")
    await writer.drain()
    await asyncio.Event().wait()


async def _endless_head(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 8192 + b"\r\n")
        await writer.drain()


async def _nonsense(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    writer.close()


@pytest.mark.parametrize(
    ("handler", "expected"),
    [(_endless, EgressFailure.TOO_LARGE), (_slow_body, EgressFailure.TIMED_OUT)],
)
async def test_after_the_status_a_body_without_end_is_only_cut(
    serve: Any, loopback: EgressPolicy, handler: Callable[..., Any], expected: EgressFailure
) -> None:
    async with serve(handler) as canary:
        client = EgressClient(loopback, limits=QUICK)
        url = f"http://127.0.0.1:{canary.port}/"
        answer = await client.post(url, content=b"{}", headers={}, maximum_bytes=1000)
        assert answer.status in (200, 202)
        assert answer.cut is expected
        assert len(answer.body) <= 1000
        with pytest.raises(EgressFailed) as caught:
            await client.get_limited(url, maximum_bytes=1000)
        assert caught.value.failure is expected
        await client.close()


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (_slow_head, EgressFailure.TIMED_OUT),
        (_endless_head, EgressFailure.PROTOCOL_ERROR),
        (_nonsense, EgressFailure.PROTOCOL_ERROR),
    ],
)
async def test_without_a_status_the_call_fails_within_its_deadline(
    serve: Any, loopback: EgressPolicy, handler: Callable[..., Any], expected: EgressFailure
) -> None:
    async with serve(handler) as canary:
        client = EgressClient(loopback, limits=QUICK)
        started = time.monotonic()
        with pytest.raises(EgressFailed) as caught:
            await client.post(f"http://127.0.0.1:{canary.port}/", content=b"{}", headers={})
        assert caught.value.failure is expected
        assert time.monotonic() - started < QUICK.whole_seconds + 2
        await client.close()


async def test_a_resolver_that_never_answers_is_cut(loopback: EgressPolicy) -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    client = EgressClient(loopback, resolver=never, limits=QUICK)
    with pytest.raises(EgressFailed):
        await client.post("http://slow.example/", content=b"", headers={})
    assert "ADDRESS_DENIED" in await refusal(client, "http://slow.example/")


async def test_a_dead_first_address_does_not_hide_a_living_second(
    serve: Any, answering: Any, loopback: EgressPolicy
) -> None:
    async with serve() as canary:
        client = EgressClient(loopback, resolver=answering(["127.0.0.9", "127.0.0.1"]))
        assert (await client.post(f"http://two.example:{canary.port}/", content=b"", headers={})).status == 200
        await client.close()


async def test_calls_that_were_cut_leave_the_pool_usable(serve: Any, loopback: EgressPolicy) -> None:
    """Twenty cut calls over a pool of two connections: the next call still finds a connection."""
    limits = EgressLimits(connect_seconds=0.05, whole_seconds=0.05, connections=2)
    async with serve(_slow_head) as slow, serve() as canary:
        client = EgressClient(loopback, limits=limits)
        for _ in range(10):
            calls = [client.post(f"http://127.0.0.1:{slow.port}/", content=b"", headers={}) for _ in range(2)]
            assert all(isinstance(end, EgressFailed) for end in await asyncio.gather(*calls, return_exceptions=True))
        assert (await client.post(f"http://127.0.0.1:{canary.port}/", content=b"", headers={})).status == 200
        await client.close()


async def test_a_closed_port_is_a_failed_connection(loopback: EgressPolicy, serve: Any) -> None:
    async with serve() as canary:
        pass
    client = EgressClient(loopback)
    with pytest.raises(EgressFailed) as caught:
        await client.post(f"http://127.0.0.1:{canary.port}/", content=b"", headers={})
    assert caught.value.failure is EgressFailure.CONNECT_FAILED


async def test_tls_verifies_the_name_and_not_the_address(
    serve: Any, answering: Any, loopback: EgressPolicy, tmp_path: Path
) -> None:
    pytest.importorskip("cryptography")
    server_context, client_context = _tls_for("hooks.example", tmp_path)
    async with serve(ssl=server_context) as canary:
        client = EgressClient(loopback, resolver=answering(["127.0.0.1"]), ssl_context=client_context)
        url = f"https://hooks.example:{canary.port}/"
        assert (await client.post(url, content=b"{}", headers={})).status == 200
        with pytest.raises(EgressFailed) as caught:
            await client.post(f"https://other.example:{canary.port}/", content=b"{}", headers={})
        assert caught.value.failure is EgressFailure.TLS_FAILED
        await client.close()
        assert len(canary.requests) == 1


def _tls_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a trusting client's context for a self-signed certificate of `name`."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    client = ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())
    return server, client
