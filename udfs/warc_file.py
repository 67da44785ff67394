"""A WARC file, or a split of one -> its pages one by one, and a summary that accounts for all of its bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from io import SEEK_END
from typing import BinaryIO

from udfs.extract import extractor_version
from udfs.extract_process import start_extractor
from udfs.fault import GapReason
from udfs.page import PAGE_KINDS, Page, ReadSettings, page_of, unread_page
from udfs.warc import Gap, Record, container_of, read_records

__all__ = ["READER_VERSION", "FileSummary", "ReadSettings", "WarcFileReader", "extractor_version"]

READER_VERSION = "2"  # changes whenever another page, fault or text may come out of the same bytes
MAX_GAPS = 1000


@dataclass(slots=True)
class FileSummary:
    """What was in a file, or in a split of it.

    `n_bytes` (stored bytes by record type, and `gap`) must add up to `size_bytes`, the size of the file, over
    all its splits. `begin` and `end` are where the first record or gap begins and the last one ends: None if
    there are none.
    """

    size_bytes: int = 0
    begin: int | None = None
    end: int | None = None
    container: str = "unknown"
    n_records: dict[str, int] = field(default_factory=dict)
    n_bytes: dict[str, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    n_pages: int = 0
    n_documents: int = 0
    n_faults: dict[str, int] = field(default_factory=dict)
    n_repairs: dict[str, int] = field(default_factory=dict)
    fault: str | None = None
    content_digest: str = "0" * 32


class WarcFileReader:
    """The pages of one WARC file, or of a split, to be iterated over once; `summary` is complete after that."""

    def __init__(
        self, stream: BinaryIO, warc_file: str, settings: ReadSettings, *, start: int = 0, end: int | None = None
    ) -> None:
        self.summary = FileSummary()
        self._start, self._end = start, end
        self._stream = stream
        self._warc_file = warc_file
        self._settings = settings
        self._digest = 0

    def __iter__(self) -> Iterator[Page]:
        start_extractor(self._settings.extractor)  # an unknown one, or one that fails, is an error before any work
        self.summary.size_bytes = self._stream.seek(0, SEEK_END)
        if self._start == 0:
            self.summary.container = str(container_of(self._stream))
        for piece in read_records(self._stream, self._settings.caps, start=self._start, end=self._end):
            self._count(piece)
            if isinstance(piece, Record) and piece.kind in PAGE_KINDS:
                page = self._page(piece)
                self._count_page(page)
                yield page
        self._close()

    def _page(self, record: Record) -> Page:
        try:
            return page_of(record, self._warc_file, self._settings)
        except OSError:  # not the page's fault: no process for the extractor
            raise
        except Exception as error:  # noqa: BLE001 no page may take its file down, whatever a library raises
            return unread_page(record, self._warc_file, self._settings, error)

    def _count(self, piece: Record | Gap) -> None:
        summary = self.summary
        summary.begin = piece.offset if summary.begin is None else summary.begin
        summary.end = piece.offset + piece.length
        if isinstance(piece, Gap):
            _add(summary.n_bytes, "gap", piece.length)
            keep_gap(summary.gaps, piece)
            return
        _add(summary.n_records, piece.kind, 1)
        _add(summary.n_bytes, piece.kind, piece.length)
        if piece.fault:
            _add(summary.n_faults, piece.fault.value, 1)
        if piece.repair:
            _add(summary.n_repairs, piece.repair.value, 1)

    def _count_page(self, page: Page) -> None:
        self.summary.n_pages += 1
        self.summary.n_documents += page.text is not None
        self._digest += page_digest(page)

    def _close(self) -> None:
        """Fill in what is known only at the end."""
        self.summary.content_digest = f"{self._digest % 2**128:032x}"
        if any(gap.reason is GapReason.NOT_WARC for gap in self.summary.gaps):
            self.summary.fault = GapReason.NOT_WARC.value


def keep_gap(gaps: list[Gap], gap: Gap) -> None:
    """Append a gap to those of a file, or from the 1,000th on add it to the last one."""
    if len(gaps) < MAX_GAPS:
        gaps.append(gap)
    else:
        gaps[-1] = Gap(gaps[-1].offset, gaps[-1].length + gap.length, GapReason.REST)


def page_digest(page: Page) -> int:
    """Return a 128-bit number for (page_id, text_digest, fault); a file's digest is the sum of its pages'."""
    place = "\0".join((page.page_id, page.text_digest or "", page.fault or ""))
    return int.from_bytes(blake2b(place.encode(), digest_size=16).digest(), "big")


def _add(counts: dict[str, int], key: str, n: int) -> None:
    counts[key] = counts.get(key, 0) + n
