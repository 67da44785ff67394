"""Which charset a page is in, when its server, its <meta> and its bytes disagree."""

import pytest

from udfs.charset import decode

RUSSIAN = "Река начинается в горах и впадает в море. " * 9
CHINESE = "河流从山上的泉水开始，流入大海。" * 20
JAPANESE = "川は山の泉から始まり、海に注ぎます。" * 20


def meta(charset: str) -> bytes:
    return b'<html><head><meta charset="%s"></head>' % charset.encode()


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("windows-1251", "cp1251", RUSSIAN),
        ("koi8-r", "koi8-r", RUSSIAN),
        ("gb2312", "gbk", CHINESE + "镕"),
        ("GBK", "gbk", CHINESE),
        ("big5", "big5", "河流"),
        ("shift_jis", "cp932", JAPANESE + "①"),
        ("euc-jp", "euc_jp", JAPANESE),
        ("iso-2022-jp", "iso2022_jp", JAPANESE),
        ("euc-kr", "cp949", "강은 바다로 흐른다 뷁"),
        ("iso-8859-1", "cp1252", "café “x”"),
        ("utf8mb4", "utf-8", RUSSIAN),
        ("windows-1256", "cp1256", "النهر يجري"),
    ],
)
def test_a_declared_charset_is_used_by_the_labels_of_the_web(label: str, codec: str, text: str) -> None:
    by_http = decode(b"<html>" + text.encode(codec), f"text/html; charset={label}")
    assert by_http.text == "<html>" + text
    assert (by_http.source, by_http.is_repaired) == ("http", False)
    by_meta = decode(meta(label) + text.encode(codec), "text/html")
    assert by_meta.text.endswith(text)
    assert by_meta.source == "meta"


def test_utf8_that_is_valid_wins_over_what_is_declared() -> None:
    found = decode(meta("iso-8859-1") + RUSSIAN.encode(), "text/html; charset=windows-1251")
    assert found.text.endswith(RUSSIAN)
    assert (found.charset, found.source) == ("utf-8", "detected")


@pytest.mark.parametrize(
    ("bom", "codec"), [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_a_byte_order_mark_wins_over_all(bom: bytes, codec: str) -> None:
    found = decode(bom + RUSSIAN.encode(codec), "text/html; charset=koi8-r")
    assert found[:5] == (RUSSIAN, codec, "bom", False, "koi8-r")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_byte_order_mark_is_seen(codec: str) -> None:
    html = "<html><body>A river begins as a spring.</body></html>" * 9
    assert decode(html.encode(codec), None).text == html


def test_an_undeclared_charset_is_detected() -> None:
    found = decode(("<html>" + RUSSIAN).encode("cp1251"), None)
    assert found.text == "<html>" + RUSSIAN
    assert found.source == "detected"


@pytest.mark.parametrize("label", ["no-such-charset", "utf-7", "x" * 500, "\x00", "../../etc"])
def test_an_unknown_label_is_no_error(label: str) -> None:
    assert decode(RUSSIAN.encode(), f"text/html; charset={label}").text == RUSSIAN


def test_a_few_broken_bytes_do_not_make_utf8_another_charset() -> None:
    body = RUSSIAN.encode() + b"\xff" + RUSSIAN.encode() + RUSSIAN.encode()[:1]
    found = decode(body, "text/html; charset=utf-8")
    assert found.text == RUSSIAN + "\ufffd" + RUSSIAN + "\ufffd"
    assert (found.charset, found.is_repaired) == ("utf-8", True)


def test_utf8_that_is_declared_and_is_not_gives_way_to_meta() -> None:
    found = decode(meta("windows-1251") + RUSSIAN.encode("cp1251"), "text/html; charset=utf-8")
    assert found.text.endswith(RUSSIAN)
    assert found.source == "meta"


def test_plain_ascii_is_utf8_by_default() -> None:
    assert decode(b"hello", None)[:4] == ("hello", "utf-8", "default", False)
    assert decode(b"", None).text == ""


@pytest.mark.parametrize("body", [bytes(range(256)) * 20, b"\x81\x8d\x8f\x90\x9d" * 99, b"\x80" * 10_000])
def test_bytes_without_meaning_become_replacement_characters_and_a_flag(body: bytes) -> None:
    found = decode(body, "text/html; charset=utf-8")
    assert isinstance(found.text, str)
    assert found.is_repaired == ("\ufffd" in found.text)


def test_what_each_of_the_three_said_is_kept() -> None:
    body = '<meta charset="windows-1252"><p>Привет, мир: это русский текст в старой кодировке'.encode("cp1251")

    found = decode(body, "text/html; charset=windows-1251")

    assert (found.http, found.meta, found.charset, found.source) == ("cp1251", "cp1252", "cp1251", "http")
    assert found.detected is not None
    assert decode(b"<p>ascii", None)[4:] == (None, None, None)
