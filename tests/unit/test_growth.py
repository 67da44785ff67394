"""Work grows with the size of hostile input, not with its square: twice as much takes less than 2.5 times as long."""

import gzip
import random
from collections.abc import Callable
from io import BytesIO

import pytest

from tests.unit.growth import LIMIT, Work, growth
from tests.unit.warc_builder import gz, http, plain, record, response, zst
from udfs.extract import fallback, is_hostile, without_scripts
from udfs.fault import Repair
from udfs.http import decode_body, parse_response
from udfs.warc import read_records


def scan(html: str) -> object:
    """What is done to a page before and instead of a parser."""
    return is_hostile(html.encode()), is_hostile(without_scripts(html).encode()), fallback(html, Repair.NOT_PARSED)


def read(data: bytes) -> object:
    return sum(piece.length for piece in read_records(BytesIO(data)))


def body(data: bytes) -> object:
    return decode_body(parse_response(data), 1 << 30)


def words(n: int) -> bytes:
    """Return `n` words that compress as text does."""
    chance = random.Random(n)
    return b" ".join(b"%08x" % (chance.getrandbits(32) & 0x1F3F0F0F) for _ in range(n))


A = gz(response("http://a.com/"))
JUNK = bytes((7 * i * i + i) % 251 for i in range(250_000))
CASES: dict[str, tuple[Callable[[int], Work], int]] = {
    "nesting": (lambda n: lambda: scan("<div>" * n), 60_000),
    "nested links": (lambda n: lambda: scan("<a>x" * n), 60_000),
    "attributes": (lambda n: lambda: scan("<div " + "a=1 " * n + ">"), 300_000),
    "attributes with brackets": (lambda n: lambda: scan("<div " + 'a=">" ' * n + ">"), 100_000),
    "open quotes": (lambda n: lambda: scan('<a b="' * n), 100_000),
    "open scripts": (lambda n: lambda: scan("<script>" * n), 100_000),
    "scripts without an end": (lambda n: lambda: scan("<script " * n + "</script"), 40_000),
    "scripts that end far behind": (lambda n: lambda: scan("<script>" * n + "</script>"), 40_000),
    "open comments": (lambda n: lambda: scan("<!--" * n), 200_000),
    "brackets": (lambda n: lambda: scan("<" * n), 400_000),
    "entities": (lambda n: lambda: scan("&amp;&lt" * n), 60_000),
    "warc headers": (lambda n: lambda: read(record(headers={f"X-{i}": "y" for i in range(n)})), 5_000),
    "a warc header": (lambda n: lambda: read(record(headers={"X": "y" * n})), 3_000_000),
    "http headers": (lambda n: lambda: body(http().replace(b"\r\n", b"\r\n" + b"X: y\r\n" * n, 1)), 20_000),
    "chunks": (lambda n: lambda: body(http(b"1\r\nx\r\n" * n, transfer_encoding="chunked")), 100_000),
    "members": (lambda n: (lambda data: lambda: read(data))(A * n), 1_000),
    "frames": (lambda n: (lambda data: lambda: read(data))(zst(response()) * n), 1_000),
    "plain records": (lambda n: (lambda data: lambda: read(data))(plain(response()) * n), 2_000),
    "records of one member": (lambda n: (lambda data: lambda: read(data))(gz(response() * n)), 2_000),
    "junk": (lambda n: (lambda data: lambda: read(data))(A + JUNK * n + A), 40),
    "junk that looks like gzip": (lambda n: (lambda data: lambda: read(data))(A + b"\x1f\x8b\x08\0" * n + A), 4_000),
    "truncated members": (lambda n: (lambda data: lambda: read(data))(A[:-20] * n), 1_200),
    "lines that look like ARC": (lambda n: (lambda data: lambda: read(data))(b"a:b 20240101000000 x 1\n" * n), 4_000),
    "wrong lengths": (
        lambda n: (lambda data: lambda: read(data))(plain(record(block=b"x" * 99, length="9")) * n),
        3_000,
    ),
    "gzip of a body": (
        lambda n: (lambda data: lambda: body(data))(http(gzip.compress(words(n), 1), content_encoding="gzip")),
        1_000_000,  # of 9 bytes: beyond 32 MB the C library asks the kernel for each buffer, page by page
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_twice_as_much_takes_less_than_two_and_a_half_times_as_long(case: str) -> None:
    make, n = CASES[case]

    assert growth(make, n) < LIMIT
