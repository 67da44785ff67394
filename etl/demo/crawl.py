"""Our own sentences -> a small crawl in `.warc.gz` files, with all that real crawls have."""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from etl.demo.article import Article, Block, stable_hash, write_articles
from etl.demo.content import Chrome, Language, read_languages
from etl.demo.copies import exact_copies, near_copy
from etl.demo.fetch import Fetch, answer, fetch_page, fetch_text, redirect
from etl.demo.warc_writer import CRAWL, warc_bytes

N_FILES = 5
_CODINGS = {3: "gzip", 9: "chunked", 14: "gzip chunked", 21: "crawler"}
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0>>endobj\n%%EOF\n"
_PICTURE_PAGE = b'<!DOCTYPE html><html><head><script>var a = 1;</script></head><body><img src="/a.png"></body>'
_LOST_PAGE = b"<html><head><title>Not found</title></head><body><p>There is no such page.</p></body></html>"


@dataclass(frozen=True, slots=True)
class DemoCrawl:
    """How much of what the demo crawl holds; every page-bearing record counts in one of the last groups."""

    n_files: int
    n_records: int
    """All records: a warcinfo per file; request, response or revisit, and metadata per fetch."""
    n_pages: int
    """Responses and revisits, the damaged one among them."""
    n_documents: int
    """Pages with a text."""
    n_redirects: int
    n_http_errors: int
    n_not_text: int
    n_empty: int
    n_without_text: int
    n_damaged: int
    n_revisits: int
    n_exact_clusters: int
    """Clusters of documents with the same normalised text."""
    n_exact_documents: int
    """Documents in those clusters, the originals among them."""
    n_near_documents: int
    """Documents made from another one by changing little; the others are not counted."""


EXPECTED = DemoCrawl(
    n_files=5,
    n_records=5 + 3 * 411,
    n_pages=411,
    n_documents=382,
    n_redirects=10,
    n_http_errors=7,
    n_not_text=8,
    n_empty=1,
    n_without_text=1,
    n_damaged=1,
    n_revisits=1,
    n_exact_clusters=5,
    n_exact_documents=20,
    n_near_documents=12,
)


def write_demo_crawl(folder: Path) -> list[Path]:
    """Write the demo crawl's WARC files into `folder`, made if need be, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    fetches = demo_fetches()
    cuts = [len(fetches) * i // N_FILES for i in range(N_FILES + 1)]
    paths = [folder / f"{CRAWL}-{i:05}.warc.gz" for i in range(N_FILES)]
    for path, (begin, end) in zip(paths, pairwise(cuts), strict=True):
        path.write_bytes(warc_bytes(path.name, fetches[begin:end], begin))
    return paths


def demo_fetches() -> list[Fetch]:
    """Return all fetches of the demo crawl, in the order in which its files have them."""
    languages = {language.code: language for language in read_languages()}
    chrome, articles = languages["en"].site.chrome, write_articles(languages["en"])
    pages = [page for language in languages.values() for page in _pages(language)]
    others = _copies(articles, chrome) + _answers_without_documents(articles)
    fetches = [*pages, *others, *_single_cases(articles, chrome)]
    return sorted(fetches, key=lambda fetch: stable_hash(fetch.url))


def _pages(language: Language) -> list[Fetch]:
    """Return a page for each article of a language, its encodings and codings by turns."""
    charsets, chrome = language.site.charsets, language.site.chrome
    return [
        fetch_page(article, chrome, charsets[i % len(charsets)], _CODINGS.get(i % 23, ""))
        for i, article in enumerate(write_articles(language))
    ]


def _copies(articles: list[Article], chrome: Chrome) -> list[Fetch]:
    """Return three exact duplicates of each of five articles, and twelve near duplicates."""
    exact = [copy for article in articles[4:120:25] for copy in exact_copies(article)]
    near = [(near_copy(article, i), "utf-8 http") for i, article in enumerate(articles[5:190:16])]
    return [fetch_page(article, chrome, charset) for article, charset in exact + near]


def _answers_without_documents(articles: list[Article]) -> list[Fetch]:
    """Return redirects, errors and files that are no text."""
    roots = ["/".join(article.url.split("/")[:3]) for article in articles]
    moved = [redirect(f"{roots[i]}/old/{i}", articles[i].url, (301, 302)[i % 2]) for i in range(40, 50)]
    missing = [answer(f"{roots[i]}/gone/{i}", 404, "text/html", _LOST_PAGE) for i in range(60, 66)]
    failed = [answer(f"{roots[70]}/search?q=a", 500, "text/plain", b"Internal Server Error")]
    pictures = [answer(f"{roots[i]}/images/{i}.png", 200, "image/png", _PNG) for i in range(80, 84)]
    papers = [answer(f"{roots[i]}/files/{i}.pdf", 200, "application/pdf", _PDF) for i in range(90, 94)]
    return moved + missing + failed + pictures + papers


def _single_cases(articles: list[Article], chrome: Chrome) -> list[Fetch]:
    """Return what the crawl has one of: empty, without text, plain text, damaged and seen before."""
    root = "https://www.old-quay-archive.example"
    seen = fetch_page(articles[100], chrome, "utf-8 http")
    letter = replace(articles[101], url=f"{root}/letter.txt", title="A letter to our readers")
    notes = tuple(Block("p", f"{block.text} So we wrote in our letter.") for block in letter.blocks[::2])
    return [
        answer(f"{root}/empty", 200, "text/html", b""),
        answer(f"{root}/pictures", 200, "text/html; charset=utf-8", _PICTURE_PAGE),
        fetch_text(replace(letter, blocks=notes)),
        replace(fetch_page(articles[103].at(f"{root}/damaged"), chrome, "utf-8 http"), is_damaged=True),
        replace(seen, url=f"{root}/seen-before", revisit_of=seen.url),
    ]
