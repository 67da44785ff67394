"""Paths that somebody typed -> WARC files with names that are the same on every machine and bucket."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from urllib.parse import unquote

from etl.steps.pages import WarcFile
from udfs.errors import UsageError
from udfs.source import is_uri, list_files, root_of


def find_warc_files(
    paths: Sequence[str], crawl: str, *, root: str | None = None, known: Mapping[str, str] | None = None
) -> list[WarcFile]:
    """Return the files at or below `paths`, each named by its path below the root of the crawl.

    The root is `root` if given; else what comes before `crawl-data/` in Common Crawl's own layout; else the
    folder that all of `paths` share. A file whose URI is `known` (URI -> name) keeps the name it has.
    Raises MissingInputError for a path where nothing is, UsageError if two files would have one name.
    """
    found = {file.uri: file for path in paths for file in list_files(path)}
    base = root_of(root) if root else _shared_root(paths)
    known = known or {}
    named = [
        WarcFile(known.get(uri) or _name(uri, crawl, base, is_fixed=root is not None), uri, file.size_bytes)
        for uri, file in found.items()
    ]
    return _distinct(named)


def _shared_root(paths: Iterable[str]) -> str:
    roots = [root_of(path) for path in paths]
    shared = roots[0].split("/")
    for root in roots[1:]:
        pairs = zip(shared, root.split("/"), strict=False)
        shared = [part for part, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    if not any(shared) and len(roots) > 1:
        raise UsageError(f"{roots[0]} and {roots[1]} share no folder to name files from: ingest them in two runs")
    return "/".join(shared)


def _name(uri: str, crawl: str, base: str, *, is_fixed: bool) -> str:
    layout, prefix = f"/crawl-data/{crawl}/", base.rstrip("/") + "/"
    if not is_fixed and layout in uri:
        name = uri[uri.index(layout) + 1 :]
    elif uri.startswith(prefix):
        name = uri[len(prefix) :]
    else:
        raise UsageError(f"{uri} does not lie below the root {base}; give a --root that holds all the files")
    return unquote(name) if is_uri(uri) else name


def _distinct(files: list[WarcFile]) -> list[WarcFile]:
    """Return files of distinct names; the same name and size from two places is one file, read once."""
    by_name: dict[str, WarcFile] = {}
    for file in sorted(files, key=lambda f: (f.warc_file, f.uri)):
        other = by_name.setdefault(file.warc_file, file)
        if other.size_bytes != file.size_bytes:
            raise UsageError(
                f"{other.uri} and {file.uri} would both be called {file.warc_file} in this crawl;"
                " give --root, the folder that both names should count from, or another --crawl"
            )
    return list(by_name.values())
