"""The form of URLs, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.annotator import Texts
from udfs.measure.url_shape import url_annotator

URL = url_annotator("url")


def one(url: str) -> dict[str, object]:
    return {name: column[0] for name, column in URL(Texts([""], [url])).items()}


def test_the_numbers_of_a_url_are_as_counted_by_hand() -> None:
    assert one("https://www.my-shop.co.uk/2024/item-7.html?id=12&x=y#top") == {
        "n_characters": 56,
        "depth": 2,
        "n_query_parameters": 2,
        "n_subdomains": 1,
        "n_hyphens": 1,
        "digit_ratio": round(7 / 26, 6),
        "is_home_page": False,
        "is_https": True,
        "is_ip_address": False,
    }


@pytest.mark.parametrize(
    "url", ["http://a.com", "http://a.com/", "http://a.com/index.html", "http://a.com/Default.aspx"]
)
def test_a_home_page_is_at_the_root(url: str) -> None:
    assert one(url)["is_home_page"] is True


@pytest.mark.parametrize("url", ["http://a.com/x", "http://a.com/?p=1", "http://a.com/en/index.html"])
def test_other_pages_are_no_home_page(url: str) -> None:
    assert one(url)["is_home_page"] is False


def test_a_host_that_is_an_address_has_no_subdomains() -> None:
    found = one("http://192.168.0.1/x")
    assert found["is_ip_address"] is True
    assert found["n_subdomains"] is None


@pytest.mark.parametrize("url", ["", "text", "mailto:a@b.de", "http://[::1", "http:///x"])
def test_what_is_no_url_has_no_values(url: str) -> None:
    assert set(one(url).values()) == {None}


@given(st.text(max_size=80))
def test_any_url_can_be_asked_about(tail: str) -> None:
    assert one(f"http://a.com/{tail}").keys() == one(tail).keys()
