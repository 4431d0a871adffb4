"""What may be fetched from, judged without any connection."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import FetchError, ForbiddenError
from ingest.guard import allow_list, forbidden_address, shown, target

FORBIDDEN = [
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.255.255.254/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://0X7F.0.0.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://１２７.0.0.1/",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    "http://203.0.113.9/",
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::8.8.8.8]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:0808:0808::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[2606:4700::1%25eth0]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
    "http://[5f00::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://api.localhost/",
    "http://localhost.localdomain/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://router.home.arpa/",
    "http://metadata/",
    "http://user@example.com/",
    "http://user:word@example.com/",
    "http://:word@example.com/",
    "http://example.com@127.0.0.1/",
    "http://example.com:22/",
    "http://example.com:25/",
    "http://example.com:0/",
    "http://example.com:6379/",
    "http://%31%32%37.0.0.1/",
    "http://a..b/",
    "http://exa,mple.com/",
    "http://example.com.0x7f/",
    "http://8.8.8.8.8/",
]
NO_WEB_ADDRESS = [
    "",
    " ",
    "example.com/news",
    "//example.com/",
    "/etc/passwd",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://127.0.0.1:6379/_INFO",
    "javascript:alert(1)",
    "data:text/html,x",
    "http:///path",
    "http:example.com",
    "http://",
    "http://[::1",
    "http://example.com:99999/",
    "http://example.com:x/",
    "http://exa mple.com/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com/\r\nHost: x",
    "http://example.com/\x00",
    "http://example.com/" + "a" * 5000,
]
PUBLIC = [
    "http://example.com/",
    "HTTPS://Example.COM/News?id=1",
    "https://example.com./x",
    "https://example.com:8443/x",
    "http://example.com:80/x",
    "http://8.8.8.8/",
    "http://[2606:4700:4700::1111]/",
    "http://[64:ff9b::8.8.8.8]/",
    "https://例え.jp/ニュース",
    "https://xn--r8jz45g.jp/",
    "https://under_score.example.com/",
    "https://127.example.com/",
    "https://localhost.example.com/",
    "  https://example.com/x  ",
    "https://example.com/@someone",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_what_is_not_public_is_forbidden(url: str) -> None:
    with pytest.raises(ForbiddenError):
        target(url)


@pytest.mark.parametrize("url", NO_WEB_ADDRESS)
def test_what_is_no_web_address_is_told_so(url: str) -> None:
    with pytest.raises(FetchError, match="not a web address"):
        target(url)


@pytest.mark.parametrize("url", PUBLIC)
def test_the_public_internet_is_open(url: str) -> None:
    assert not target(url).trusted


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8080/x", {"127.0.0.1"}),
        ("http://127.0.0.1:8080/x", {"127.0.0.1:8080"}),
        ("http://[::1]:9/x", {"[::1]"}),
        ("http://[::1]:9/x", {"[::1]:9"}),
        ("http://Intranet/x", {" INTRANET "}),
        ("https://wiki.corp/x", {"wiki.corp:443"}),
    ],
)
def test_an_allowed_host_is_trusted(url: str, allowed: set[str]) -> None:
    assert target(url, allow_list(allowed)).trusted


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8081/x", {"127.0.0.1:8080"}),
        ("http://127.1:8080/x", {"127.0.0.1:8080"}),
        ("http://user@127.0.0.1:8080/x", {"127.0.0.1:8080"}),
        ("http://sub.intranet/", {"intranet"}),
        ("http://127.0.0.1/", {""}),
    ],
)
def test_allowing_one_host_opens_no_other(url: str, allowed: set[str]) -> None:
    with pytest.raises(ForbiddenError):
        target(url, allow_list(allowed))


@given(st.ip_addresses())
def test_no_address_that_python_calls_private_passes(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    refused = forbidden_address(str(address)) is not None
    embedded = address in ipaddress.ip_network("64:ff9b::/96") if address.version == 6 else False
    assert refused or embedded or (address.is_global and not address.is_multicast)


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "::1%lo", "8.8.8.8 "])
def test_what_is_no_address_is_forbidden(text: str) -> None:
    assert forbidden_address(text)


def test_credentials_are_never_shown() -> None:
    with pytest.raises(ForbiddenError) as caught:
        target("https://ann:s3cret@example.com/feed")
    assert caught.value.url == "https://example.com/feed"
    assert "s3cret" not in str(caught.value)
    assert shown("http://a:s3@b:s3cret@example.com:x/") == "http://example.com:x/"
