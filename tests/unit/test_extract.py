"""Main text from HTML, hostile HTML included."""

import pytest

from udfs.errors import ConfigError
from udfs.extract import EXTRACTORS, extractor_version, is_hostile, strip_tags, title_of
from udfs.extract_process import extract

SENTENCES = "Rivers begin as springs in the hills. They grow on their way, and they end in the sea. " * 5
PAGE = f"""<html><head><title> Of
 rivers &amp; seas </title><script>var a = "<b>";</script></head>
<body><nav><a href="/">Home</a></nav><article><h1>Rivers</h1><p>{SENTENCES}</p></article></body></html>"""

HOSTILE = {
    "nesting": lambda n: "<div>" * n + "<p>words",
    "attributes": lambda n: "<div " + " ".join(f"a{i}=1" for i in range(n)) + "><p>words",
    "attributes_without_blanks": lambda n: "<div " + "".join(f'a{i}="1"' for i in range(n)) + "><p>words",
    "nested_links": lambda n: "<a>x" * n + "<p>words",
    "nested_drawings": lambda n: "<p>words</p>" + "<svg>" * n,
    "open_scripts": lambda n: "<p>words</p>" + "<script>" * n,
    "open_quotes": lambda n: "<p>words</p>" + '<a b="' * n,
    "brackets": lambda n: "<p>words</p>" + "<" * n,
    "comments": lambda n: "<p>words</p>" + "<!--" * n,
}


@pytest.mark.parametrize("name", EXTRACTORS)
def test_the_main_text_and_title_of_a_page_are_found(name: str) -> None:
    title, text, repair = extract(PAGE, name)
    assert title == "Of rivers & seas"
    assert "They grow on their way" in text
    assert "var a" not in text
    assert repair is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_and_keeps_its_words(name: str) -> None:
    html = HOSTILE[name](50_000)
    assert isinstance(extract(html, "resiliparse").text, str)
    assert "words" in strip_tags(html)


@pytest.mark.parametrize(
    "name", ["nesting", "attributes", "attributes_without_blanks", "nested_links", "nested_drawings"]
)
def test_pages_that_take_a_parser_quadratic_time_are_told(name: str) -> None:
    assert is_hostile(HOSTILE[name](3000).encode())
    assert not is_hostile(HOSTILE[name](300).encode())


def test_large_data_and_scripts_are_not_hostile() -> None:
    image = f'<img src="data:image/png;base64,{"iVBORw0/KGgo" * 20_000}">'
    script = "<script>var rows = [" + '{"a": "b c d"}, ' * 20_000 + "]; if (1 <rows.length) {}</script>"
    table = "<table><tr>" + "<td>x</td>" * 5000 + "</tr></table>"
    assert not extract(PAGE + image + script + table, "resiliparse").repair


def test_the_fallback_leaves_out_tags_scripts_and_styles() -> None:
    html = "<title>T</title><style>p {}</style><p>One &lt; two</p><script>x<y</script><p>three"
    assert strip_tags(html) == "T\nOne < two\nthree"
    assert title_of(html) == "T"


def test_an_unknown_extractor_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="resiliparse"):
        extractor_version("boilerpipe")


def test_the_version_of_an_extractor_names_its_library_s() -> None:
    assert extractor_version("resiliparse").startswith("resiliparse 2.")


def test_a_number_of_thousands_of_digits_is_no_error() -> None:
    assert strip_tags(f"<p>a &#{'1' * 9000}; b &#65;") == "a \ufffd b A"
