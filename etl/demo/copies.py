"""Articles -> exact and near duplicates of some of them, at other URLs."""

from collections.abc import Callable
from dataclasses import replace

from etl.demo.article import Article, Block, stable_hash

NOTES = (
    "Update: an earlier version of this page gave a wrong date in the second paragraph. We are sorry.",
    "Note from the editors: this page was moved here from our old site and may look a little different.",
    "This text first appeared in our letter to members and is shown here with their kind permission.",
    "Printed from the archive. Some links on this page may no longer work as they once did.",
)


def exact_copies(article: Article) -> list[tuple[Article, str]]:
    """Return three copies whose normalised text is the article's, each with its charset.

    The first is the same, the second in capitals, the third with other white space.
    """
    host, _, path = article.url.split("//")[1].partition("/")
    domain = host.partition(".")[2]
    mirror = f"https://www.mirror-{stable_hash(path) % 1000}.example/{host}/{path}"
    return [
        (article.at(f"https://m.{domain}/{path}"), "utf-8 http"),
        (_changed(article, str.upper).at(f"https://{host}/print/{path}"), "windows-1252 http"),
        (_changed(article, _respaced).at(mirror), "utf-8 meta"),
    ]


def near_copy(article: Article, number: int) -> Article:
    """Return a revision of an article: the same but for a note at its end and, in every other one, an `&`."""
    host, _, path = article.url.split("//")[1].partition("/")
    note = Block("p", NOTES[number % len(NOTES)])
    blocks = [block._replace(text=block.text.replace(" and ", " & ", number % 2)) for block in article.blocks]
    return replace(article, url=f"https://{host}/revised/{number}/{path}", blocks=(*blocks, note))


def _changed(article: Article, change: Callable[[str], str]) -> Article:
    blocks = tuple(Block(block.tag, change(block.text)) for block in article.blocks)
    return replace(article, title=change(article.title), blocks=blocks)


def _respaced(text: str) -> str:
    """Return a text with some spaces made no-break or doubled, as editors leave them behind."""
    words = text.split(" ")
    spaces = ["\u00a0" if i % 9 == 4 else "  " if i % 7 == 3 else " " for i in range(len(words))]
    return "".join(word + space for word, space in zip(words, spaces, strict=True)).strip()
