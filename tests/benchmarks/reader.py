"""The reader alone, beside FastWARC and warcio -> tables of speed, recovery and what a second core brings.

python -m tests.benchmarks.reader              # see --help: rounds, sizes
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from tests.benchmarks.corpus import DEFAULT_FOLDER, Corpus
from tests.benchmarks.figures import table
from tests.benchmarks.ours import Ours
from tests.shared import SHARED
from tests.unit.test_torture import IN_THE_MEMBER
from tests.unit.torture import IN_THE_WARC_HEADER, A, B, C
from tests.unit.warc_builder import gz, response
from udfs.warc import Record, read_records
from udfs.warc_file import ReadSettings, WarcFileReader

Blocks = Iterable[bytes]


def ours(data: bytes) -> Blocks:
    return (piece.block for piece in read_records(BytesIO(data)) if isinstance(piece, Record))


def fastwarc(data: bytes) -> Blocks:
    return (record.reader.read() for record in ArchiveIterator(BytesIO(data), parse_http=False))


def warcio(data: bytes) -> Blocks:
    return (record.raw_stream.read() for record in WarcioIterator(BytesIO(data), no_record_parse=True))


READERS: dict[str, Callable[[bytes], Blocks]] = {"webstrata": ours, "FastWARC": fastwarc, "warcio": warcio}


def speed(files: Sequence[bytes], rounds: int) -> str:
    """Return MB of content per CPU second of each reader, in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    n_bytes = {}
    for _ in range(rounds):
        for name, read in READERS.items():
            started = time.process_time()
            n_bytes[name] = sum(len(block) for data in files for block in read(data))
            seconds[name].append(time.process_time() - started)
    rates = {name: n_bytes[name] / 1e6 / median(times) for name, times in seconds.items()}
    rows = [
        [name, f"{n_bytes[name] / 1e6:,.1f}", f"{rate:,.1f}", f"{rate / rates['FastWARC']:.2f}"]
        for name, rate in rates.items()
    ]
    return table("1. Reading bulk/", ("Reader", "Content MB", "MB/s/core", "To FastWARC"), rows)


def small_records(n: int) -> str:
    """Return what share of reading pages is reading records, on pages of 2 KB."""
    body = b"<title>T</title><p>" + b" ".join(b"word%d" % (i * i % 1009) for i in range(230)) + b"</p>"
    data = gz(*(response(f"http://site{i % 999}.example/{i}", body) for i in range(n)))
    started = time.perf_counter()
    n_read = sum(1 for _ in read_records(BytesIO(data)))
    reading = time.perf_counter() - started
    started = time.perf_counter()
    n_pages = sum(1 for _ in WarcFileReader(BytesIO(data), "x", ReadSettings("BENCH")))
    whole = time.perf_counter() - started
    assert n_read == n_pages == n
    row = [f"{n:,}", f"{reading:.2f}", f"{whole:.2f}", f"{reading / whole:.1%}", f"{1e6 * reading / n:,.0f}"]
    return table("2. Records of 2 KB", ("Records", "Reading s", "Reading pages s", "Share", "µs a record"), [row])


def recovery() -> str:
    """Return behind how many faults each reader finds the next record, in gzip."""
    faulty = [gz(fault[0]) for fault in IN_THE_WARC_HEADER.values()]
    faulty += [damage(gz(B)) for damage in IN_THE_MEMBER.values()]
    wanted = next(iter(ours(gz(C))))
    rows = []
    for name, read in READERS.items():
        found = sum(_has(read, gz(A) + b + gz(C), wanted) for b in faulty)
        rows.append([name, f"{found} of {len(faulty)}"])
    return table("3. The whole record behind a fault", ("Reader", "Found"), rows)


def _has(read: Callable[[bytes], Blocks], data: bytes, wanted: bytes) -> bool:
    found: list[bytes] = []
    with suppress(Exception):  # what came before it counts
        found.extend(read(data))
    return found[-1:] == [wanted] and len(found) > 1


def second_core(corpus: Corpus, n_pages: int, folder: Path) -> str:
    """Return how much sooner two cores take in one file than one."""
    one = folder / "one.warc.gz"
    with one.open("wb") as stream:
        for file in corpus.files(n_pages):
            stream.write(file.read_bytes())
    rows, seconds = [], {}
    for cores in (1, 2):
        seconds[cores] = Ours(corpus, folder, cores).ingest_files([one], n_pages).wall_s
        size, faster = one.stat().st_size / 1e6, seconds[1] / seconds[cores]
        rows.append([str(cores), f"{size:,.0f}", f"{seconds[cores]:.1f}", f"{faster:.2f}"])
    return table("4. Ingest of one file", ("Cores", "Stored MB", "Seconds", "Times as fast"), rows)


def main() -> None:
    """Measure, and print each table as it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--records", type=int, default=50_000, help="of 2 KB")
    parser.add_argument("--pages", type=int, default=10_000, help="of the one large file")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the corpus is kept")
    options = parser.parse_args()
    files = [path.read_bytes() for path in sorted((SHARED / "bulk").rglob("*.warc.gz"))]
    print(speed(files, options.rounds), flush=True)
    print(small_records(options.records), flush=True)
    print(recovery(), flush=True)
    print(second_core(Corpus(options.folder), options.pages, Path(mkdtemp(prefix="webstrata-reader-"))))


if __name__ == "__main__":
    main()
