"""The demo crawl: what it promises, read back with other libraries and with our own reader."""

import zlib
from collections import Counter
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastwarcIterator
from resiliparse.extract.html2text import extract_plain_text
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from etl.demo.article import Article, write_articles
from etl.demo.content import read_languages
from etl.demo.copies import exact_copies, near_copy
from etl.demo.crawl import EXPECTED, demo_fetches, write_demo_crawl
from etl.demo.fetch import Fetch, gzip_member
from etl.demo.html import render
from etl.demo.warc_writer import damaged, warc_bytes
from udfs.normalise import text_digest
from udfs.page import Page
from udfs.warc_file import ReadSettings, WarcFileReader


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_demo_crawl(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def pages(paths: list[Path]) -> list[Page]:
    streams = [(path.name, BytesIO(path.read_bytes())) for path in paths]
    return [page for name, stream in streams for page in WarcFileReader(stream, name, ReadSettings(crawl="DEMO"))]


@pytest.fixture(scope="module")
def undamaged() -> bytes:
    """The whole crawl in one file, as it was before a record was damaged."""
    return warc_bytes("demo.warc.gz", [replace(fetch, is_damaged=False) for fetch in demo_fetches()])


def english() -> list[Article]:
    return next(write_articles(language) for language in read_languages() if language.code == "en")


def text_of(article: Article) -> str:
    return "\n".join([article.title, *(block.text for block in article.blocks)])


def fives(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def likeness(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)


def test_the_same_bytes_are_written_every_time(paths: list[Path], tmp_path: Path) -> None:
    again = write_demo_crawl(tmp_path)
    assert [path.name for path in again] == [path.name for path in paths]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_warcio_reads_every_record_and_agrees_with_every_digest(undamaged: bytes) -> None:
    kinds = Counter()
    for record in WarcioIterator(BytesIO(undamaged), check_digests="raise"):
        record.raw_stream.read()
        kinds[record.rec_type] += 1
    n_fetches = EXPECTED.n_pages
    assert kinds == {
        "warcinfo": 1,
        "request": n_fetches,
        "response": n_fetches - EXPECTED.n_revisits,
        "revisit": EXPECTED.n_revisits,
        "metadata": n_fetches,
    }


def test_fastwarc_counts_as_many_records(undamaged: bytes, tmp_path: Path) -> None:
    path = tmp_path / "demo.warc.gz"
    path.write_bytes(undamaged)
    assert sum(1 for _ in FastwarcIterator(str(path))) == 1 + 3 * EXPECTED.n_pages


def test_our_reader_finds_what_the_manifest_says(paths: list[Path], pages: list[Page]) -> None:
    faults = Counter(page.fault for page in pages)
    assert len(paths) == EXPECTED.n_files
    assert len(pages) == EXPECTED.n_pages
    assert faults == {
        None: EXPECTED.n_documents,
        "redirect": EXPECTED.n_redirects,
        "http_error": EXPECTED.n_http_errors,
        "not_text": EXPECTED.n_not_text,
        "empty_body": EXPECTED.n_empty,
        "no_main_text": EXPECTED.n_without_text,
        "damaged_record": EXPECTED.n_damaged,
        "revisit": EXPECTED.n_revisits,
    }


def test_the_damaged_record_takes_no_other_record_with_it(paths: list[Path]) -> None:
    n_records: Counter[str] = Counter()
    for path in paths:
        with path.open("rb") as stream:
            reader = WarcFileReader(stream, path.name, ReadSettings(crawl="DEMO"))
            assert sum(1 for _ in reader) == reader.summary.n_pages
        assert sum(reader.summary.n_bytes.values()) == path.stat().st_size
        n_records.update(reader.summary.n_records)
    assert n_records.total() == EXPECTED.n_records


def test_exact_duplicates_have_one_digest_whatever_their_case_and_spaces(pages: list[Page]) -> None:
    sizes = [n for n in Counter(page.text_digest for page in pages if page.text).values() if n > 1]
    assert len(sizes) == EXPECTED.n_exact_clusters
    assert sum(sizes) == EXPECTED.n_exact_documents


def test_copies_in_capitals_or_with_other_spaces_are_written_differently() -> None:
    article = english()[4]
    texts = [text_of(copy) for copy, _ in exact_copies(article)]
    assert len({text_of(article), *texts}) == 3
    assert {text_digest(text) for text in texts} == {text_digest(text_of(article))}


def test_near_duplicates_share_most_of_their_words_and_not_all(pages: list[Page]) -> None:
    revised = [page for page in pages if "/revised/" in (page.url or "")]
    assert len(revised) == EXPECTED.n_near_documents
    for number, article in enumerate(english()[:8]):
        shared = likeness(fives(text_of(article)), fives(text_of(near_copy(article, number))))
        assert 0.7 < shared < 1


def test_other_pages_share_few_words() -> None:
    shingles = [fives(text_of(article)) for article in english()]
    shared = [likeness(one, other) for one, other in combinations(shingles, 2)]
    assert max(shared) < 0.4
    assert sum(shared) / len(shared) < 0.01


def test_the_crawl_is_as_broad_as_a_real_one(pages: list[Page]) -> None:
    articles = [article for language in read_languages() for article in write_articles(language)]
    assert len({article.topic for article in articles}) >= 14
    assert len({article.format for article in articles}) >= 11
    assert len({article.language for article in articles}) >= 5
    assert len({page.registered_domain for page in pages}) >= 60
    documents = [page for page in pages if page.text]
    assert {page.charset_source for page in documents} == {"http", "meta", "bom", "detected"}
    assert len({page.charset for page in documents}) >= 7
    assert not any(page.repairs for page in documents)


def test_extraction_keeps_the_article_and_drops_the_navigation() -> None:
    chrome = next(language.site.chrome for language in read_languages() if language.code == "en")
    for article in english()[::20]:
        text = extract_plain_text(render(article, chrome), main_content=True)
        assert all(block.text in text for block in article.blocks if block.tag == "p")
        assert chrome.newsletter not in text
        assert chrome.cookies not in text


def test_damage_breaks_a_member_after_its_header_and_keeps_its_length() -> None:
    fetch = Fetch("http://a.example/", 200, (("Content-Type", "text/html"),), b"<p>" + bytes(range(256)) * 4)
    member = gzip_member(b"WARC/1.0\r\nWARC-Type: response\r\n\r\n" + fetch.head + fetch.body)
    broken = damaged(member)
    assert len(broken) == len(member)
    with pytest.raises(zlib.error):
        zlib.decompress(broken, 31)
