"""Guarantee "Outbound addresses": a URL that two readers could understand differently is refused."""

import pytest

from doitong.egress import AddressDenied, UrlMalformed
from doitong.egress.rules import check_url

TRICKY = [
    "http://0x7f.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://2130706433:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.0.0.01:{port}/",
    "http://127.0.0.0x1:{port}/",
    "http://localhost.:{port}/",
    "http://127。0。0。1:{port}/",
    "http://127．0．0．1:{port}/",
    "http://127｡0｡0｡1:{port}/",
    "http://１２７.0.0.1:{port}/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "http://a\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http://user@127.0.0.1:{port}/",
    "http://user:pass@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@example.com/",
    "http://127.0.0.1 :{port}/",
    "http:// 127.0.0.1:{port}/",
    " http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/\r\nX-Evil: 1",
    "http://127.0.0.1:{port}/\t",
    "http://127.0.0.1\x00.example.com:{port}/",
    "http://127.0.0.1%00.example.com:{port}/",
    "http://127.0.0.1%2eexample.com:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://[::ffff:127.0.0.1",
    "http://[127.0.0.1]:{port}/",
    "http://::1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "http://",
    "http://:{port}/",
    "http://127.0.0.1:{port}{port}/",
    "http://127.0.0.1:-{port}/",
    "http://127.0.0.1:+{port}/",
    "http://127.0.0.1:１/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:22/",
    "http://127.0.0.1:5432/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.1:{port}x/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_",
    "javascript:alert(1)",
    "data:text/plain,x",
    "ws://127.0.0.1:{port}/",
    "http+unix://127.0.0.1:{port}/",
    "https://-bad-.example.com/",
    "https://a..example.com/",
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com/",
    "https://example.com/" + "a" * 2048,
    "https://exa\u202emple.com/",
    "https://example.com/\u2028",
    "https://ex ample.com/",
    "https://exam<ple.com/",
    "https://1.2.3.4.5/",
    "https://example.0x1f/",
    "",
]


@pytest.mark.parametrize("url", TRICKY)
def test_a_tricky_url_is_refused(url: str) -> None:
    with pytest.raises((UrlMalformed, AddressDenied)):
        check_url(url.format(port=8123))


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM:443/Path?q=1#part", "https://example.com/Path?q=1"),
        ("http://example.com:8080/a/b", "http://example.com:8080/a/b"),
        ("https://example.com?x=1", "https://example.com/?x=1"),
        ("https://bücher.example/šport?q=č", "https://xn--bcher-kva.example/%C5%A1port?q=%C4%8D"),
        ("https://example.com/a%20b", "https://example.com/a%20b"),
        ("https://example.com/@user", "https://example.com/@user"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://[2001:4860:4860:0::8888]:8080/x", "http://[2001:4860:4860::8888]:8080/x"),
        ("http://receiver_1/hook", "http://receiver_1/hook"),
        ("http://localhost:3000/hook", "http://localhost:3000/hook"),
    ],
)
def test_an_ordinary_url_is_accepted_in_its_normal_form(url: str, normal: str) -> None:
    assert str(check_url(url)) == normal


def test_schemes_and_ports_can_be_narrowed() -> None:
    with pytest.raises(UrlMalformed):
        check_url("http://example.com/", schemes=("https",))
    with pytest.raises(AddressDenied):
        check_url("https://example.com:8443/", allow_ports=(443,))
