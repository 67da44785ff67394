"""URLs as found -> canonical form, host, registered domain."""

import pytest

from udfs.url import parse_url


@pytest.mark.parametrize(
    ("url", "canonical", "host", "domain"),
    [
        (
            "http://www.Example.co.uk/a b?z=1&a=2#x",
            "http://www.example.co.uk/a%20b?a=2&z=1",
            "www.example.co.uk",
            "example.co.uk",
        ),
        ("https://me.github.io/", "https://me.github.io/", "me.github.io", "me.github.io"),
        ("http://bücher.example.de/", "http://xn--bcher-kva.example.de/", "xn--bcher-kva.example.de", "example.de"),
        ("http://192.0.2.1:8080/x", "http://192.0.2.1:8080/x", "192.0.2.1", None),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x", "2001:db8::1", None),
        ("HTTP://EXAMPLE.COM", "http://example.com/", "example.com", "example.com"),
    ],
)
def test_the_parts_of_a_url(url: str, canonical: str, host: str, domain: str | None) -> None:
    assert parse_url(url) == (canonical, host, domain)


@pytest.mark.parametrize(
    "url",
    ["", "http://", "http:///x", "dns:example.com", "http://[::1", "http://a b/", "http://" + "a" * 20_000,
     "http://..", "http://" + "a" * 64 + ".com/", "http://\udc80.com/", "http://x:99999999/", "javascript:1", "http://\0"],
)  # fmt: skip
def test_what_is_no_url_has_no_parts_and_is_no_error(url: str) -> None:
    found = parse_url(url)
    assert found.registered_domain is None or found.host is not None
    assert url[:4] == "http" or found == (None, None, None)
