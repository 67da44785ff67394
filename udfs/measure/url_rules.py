"""URL -> what lists of domains, URLs and words, which the user names, say of it: RefinedWeb's URL rules.

Source: Penedo et al., 2023 (arXiv 2306.01116, G.1), as DCLM's `url_substring_filter` and datatrove's URLFilter have it.
A page is banned by a listed domain or URL, by a *strict* word anywhere in its URL once `-` and `.` are taken out of
it, by a *hard* word that stands alone between signs, or by two *soft* ones: how many there are is said here, what
follows from it is a flag's matter. Everything is compared in lower case: datatrove 0.10.1 lowers its lists but not the
URL, so that there a URL in capitals escapes.
A field whose lists are not named is NULL, and so are all for a URL that is none.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from pydantic import Field

from udfs.annotator import AnnotationField, Annotator
from udfs.conf import Conf
from udfs.measure.domain_set import DomainSet
from udfs.measure.list_file import ListFile, list_digest, list_file, read_lines
from udfs.measure.measure_set import Measure, Value, measures_annotator
from udfs.measure.url_list import banned, plain_url
from udfs.measure.word_trie import any_of
from udfs.url import parse_url

VERSION = "1"
MAX_URL = 4_096  # characters looked at: the longest URLs repeat themselves

_FIELDS = (
    AnnotationField("is_banned_domain", "BOOLEAN", "the host, or a domain that it is part of, is listed"),
    AnnotationField("is_banned_url", "BOOLEAN", "the URL itself is listed"),
    AnnotationField("categories", "STRING", "categories under which lists have the domain or URL, joined by a comma"),
    AnnotationField("n_strict_words", "BIGINT", "different strict words in the URL without its - and ."),
    AnnotationField("n_hard_words", "BIGINT", "different hard words that stand alone in the URL"),
    AnnotationField("n_soft_words", "BIGINT", "different soft words that stand alone in the URL"),
)


class UrlRulesConf(Conf):
    """Files with lists, each read as it is (udfs/measure/url_list.py); words are one to a line."""

    lists: tuple[str, ...] = Field(default=(), description="domains and URLs")
    strict_words: tuple[str, ...] = ()
    hard_words: tuple[str, ...] = ()
    soft_words: tuple[str, ...] = ()
    subdomains: bool = Field(default=True, description="a listed domain bans its subdomains; False: as DCLM, not")


class _Lists(NamedTuple):
    banned: tuple[ListFile, ...]
    strict: tuple[ListFile, ...]
    hard: tuple[ListFile, ...]
    soft: tuple[ListFile, ...]


def url_rules_annotator(name: str, conf: UrlRulesConf) -> Annotator:
    """Return the annotator; its version changes with any of the files. Raises MissingInputError for one not there."""
    lists = _Lists(*map(_list_files, (conf.lists, conf.strict_words, conf.hard_words, conf.soft_words)))
    digests = "-".join(list_digest(files) if files else "0" for files in lists)
    return measures_annotator(
        name,
        version=f"url-rules-{VERSION}-{digests}{'' if conf.subdomains else '-exact'}",
        fields=_FIELDS,
        load=partial(_load, lists, conf.subdomains),
        details={"lists": ", ".join(file.path for files in lists for file in files), "source": "arXiv 2306.01116"},
    )


def _list_files(paths: tuple[str, ...]) -> tuple[ListFile, ...]:
    return tuple(map(list_file, paths))


def _load(lists: _Lists, with_subdomains: bool) -> Measure:
    find = _categories(lists.banned, with_subdomains)
    counts = (_strict_words(lists.strict), _whole_words(lists.hard), _whole_words(lists.soft))

    def measure(_: str, url: str) -> list[Value]:
        host = parse_url(url).host
        if host is None:
            return [None] * len(_FIELDS)
        plain = plain_url(url[:MAX_URL])
        return [*find(host, plain), *(count(plain) if count else None for count in counts)]

    return measure


def _categories(files: tuple[ListFile, ...], with_subdomains: bool) -> Callable[[str, str], list[Value]]:
    names = DomainSet(banned(files))

    def find(host: str, url: str) -> list[Value]:
        if not files:
            return [None, None, None]
        of_domain = set().union(*map(names.categories, _domains(host, with_subdomains)))
        of_url = names.categories(url) if "/" in url or "?" in url else set()
        return [bool(of_domain), bool(of_url), ",".join(sorted(filter(None, of_domain | of_url)))]

    return find


def _domains(host: str, with_parents: bool) -> Iterator[str]:
    """Yield a host without its `www.`, then each domain that it is part of; of `a.b.com` also `b.com`."""
    rest = host.removeprefix("www.")
    yield rest
    while with_parents and "." in (rest := rest.partition(".")[2]):
        yield rest


def _strict_words(files: tuple[ListFile, ...]) -> Callable[[str], int] | None:
    if not files:
        return None
    bare = str.maketrans("", "", "-.")
    pattern = re.compile(any_of(word.translate(bare) for word in _words(files)))
    return lambda url: len(set(pattern.findall(url.translate(bare))))


def _whole_words(files: tuple[ListFile, ...]) -> Callable[[str], int] | None:
    if not files:
        return None
    # `_` parts words here, as in datatrove; in DCLM it does not.
    pattern = re.compile(rf"(?<![^\W_])(?:{any_of(_words(files))})(?![^\W_])")
    return lambda url: len(set(pattern.findall(url)))


def _words(files: tuple[ListFile, ...]) -> Iterator[str]:
    lines = (line.text for file in files for line in read_lines(file))
    return (line.lower() for line in lines if not line.startswith("#"))
