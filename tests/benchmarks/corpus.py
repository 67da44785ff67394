"""The pages of ../shared/data/bulk -> as many pages as asked for, in .warc.gz files that are kept for the next run.

Each copy of a page has a URL, record ids and nearly always a text of its own: the word `copyN` stands at the
beginning of every paragraph, heading, list item and cell. Otherwise all copies would be one text,
of which mixtures take only one.
The first copy has it too, so that a page costs the same wherever it stands.
"""

import base64
import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import MAX_WBITS, compressobj

from tests.shared import SHARED
from udfs.warc import Record, read_records

FORMAT = 2  # changes whenever the files would be others
SOURCE = SHARED / "bulk"
DEFAULT_FOLDER = Path(tempfile.gettempdir()) / "webstrata-benchmark"

_BLOCKS = re.compile(rb"(<(?:p|h[1-6]|li|td)(?:\s[^<>]*)?>)", re.IGNORECASE)
_HTTP_LENGTH = re.compile(rb"(?<=\ncontent-length: )\d+", re.IGNORECASE)
_WARCINFO = b"software: webstrata tests/benchmarks/corpus.py\r\nformat: WARC File Format 1.0\r\n"

SourcePage = tuple[Record, ...]  # its request, response and metadata


@dataclass(frozen=True)
class Corpus:
    """Files of `pages_per_file` pages each; the first N pages are the same however many are asked for."""

    folder: Path = DEFAULT_FOLDER
    pages_per_file: int = 500

    def files(self, n_pages: int) -> list[Path]:
        """Return the files that hold the first `n_pages`, a multiple of `pages_per_file`; write those that lack.

        All of them are read once, so that every run finds them in the page cache.
        """
        if n_pages % self.pages_per_file:
            raise SystemExit(f"{n_pages:,} pages are not a multiple of {self.pages_per_file} pages a file")
        folder = self.folder / f"corpus-{FORMAT}-{self.pages_per_file}"
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / f"part-{i:05d}.warc.gz" for i in range(n_pages // self.pages_per_file)]
        lacking = [(file, i) for i, file in enumerate(files) if not file.exists()]
        if lacking:
            with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
                list(pool.map(self._write, *zip(*lacking, strict=True)))
        for file in files:
            file.read_bytes()
        return files

    def _write(self, file: Path, number: int) -> None:
        """Write the file of that number whole or not at all."""
        partial = file.with_suffix(f".{os.getpid()}")
        source = _source()
        with partial.open("wb") as stream:
            stream.write(_member("warcinfo", {"warc-filename": file.name, "warc-type": "warcinfo"}, _WARCINFO))
            for i in range(number * self.pages_per_file, (number + 1) * self.pages_per_file):
                copy, position = divmod(i, len(source))
                stream.writelines(_copied(record, copy) for record in source[position])
        partial.rename(file)


@cache
def _source() -> list[SourcePage]:
    """Return the pages of the shared data, in their order."""
    files = sorted(SOURCE.glob("*.warc.gz"))
    if not files:
        raise SystemExit(f"no *.warc.gz in {SOURCE}: set WEBSTRATA_SHARED to the folder of the shared data")
    return [page for file in files for page in _pages(file)]


def _pages(file: Path) -> Iterator[SourcePage]:
    with file.open("rb") as stream:
        found = [r for r in read_records(stream) if isinstance(r, Record) and r.kind != "warcinfo"]
    starts = [i for i, record in enumerate(found) if record.kind == "request"]
    for start, end in zip(starts, [*starts[1:], len(found)], strict=True):
        yield tuple(found[start:end])


def _copied(record: Record, copy: int) -> bytes:
    """Return a record as a gzip member, under names of its copy and with its mark in the text."""
    headers = dict(record.headers)
    headers["warc-record-id"] = _other_id(headers["warc-record-id"], copy)
    if "warc-concurrent-to" in headers:
        headers["warc-concurrent-to"] = _other_id(headers["warc-concurrent-to"], copy)
    url = headers["warc-target-uri"].partition("#")[0]
    headers["warc-target-uri"] = f"{url}{'&' if '?' in url else '?'}copy={copy}"
    if record.kind != "response":
        return _member(record.kind, headers, record.block)
    head, body = _marked(record.block, copy)
    headers["warc-payload-digest"] = _digest(body)
    return _member(record.kind, headers, head + body)


def _marked(block: bytes, copy: int) -> tuple[bytes, bytes]:
    """Return the head and the body of an HTTP response whose blocks of text begin with the number of the copy."""
    head, end, body = block.partition(b"\r\n\r\n")
    body = _BLOCKS.sub(rb"\1copy%d " % copy, body)
    return _HTTP_LENGTH.sub(b"%d" % len(body), head) + end, body


def _member(kind: str, headers: Mapping[str, str], block: bytes) -> bytes:
    """Return a WARC record as a gzip member of its own."""
    defaults = {
        "warc-type": kind,
        "warc-record-id": _other_id("warcinfo", 0),
        "warc-date": "2024-05-18T00:00:00Z",
        "content-type": "application/warc-fields",
    }
    fixed = {"warc-block-digest": _digest(block), "content-length": str(len(block))}
    lines = [f"{_titled(name)}: {value}" for name, value in {**defaults, **headers, **fixed}.items()]
    compressor = compressobj(6, wbits=MAX_WBITS | 16)
    record = "\r\n".join(["WARC/1.0", *lines, "", ""]).encode() + block + b"\r\n\r\n"
    return compressor.compress(record) + compressor.flush()


def _titled(name: str) -> str:
    words = (word.upper() if word in ("warc", "id", "uri", "ip") else word.title() for word in name.split("-"))
    return "-".join(words)


def _other_id(record_id: str, copy: int) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{record_id}/{copy}')}>"


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()
