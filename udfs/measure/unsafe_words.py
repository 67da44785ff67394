"""Text -> how many words of a list that the user names it holds; never which.

A list has a word or phrase on each line: LDNOOBW's form, which C4 uses (Raffel et al., 2020). A folder holds a list for
each language, in files named by its code (`en`, `zh`); a file is for texts of every language. Words are whole words,
flanked by neither letter, digit nor `_`, in lower case; in Japanese, Thai and Chinese they are found anywhere, without
those that C4 allows there because they are part of common words. Unlike C4, which asks only whether there is one, two
words may share the space between them.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from udfs.annotator import AnnotationField, Annotator
from udfs.errors import MissingInputError
from udfs.measure.list_file import ListFile, list_digest, list_file, read_lines
from udfs.measure.measure_set import Measure, Value, measures_annotator
from udfs.measure.spacing import LANGUAGE_VERSION, text_language
from udfs.measure.word_trie import any_of

VERSION = "1"
UNSPACED = frozenset({"ja", "th", "zh"})
# As in C4's own code and datatrove 0.10.1: each of them is part of words in over 10 % of that language's pages.
ALLOWED: Mapping[str, frozenset[str]] = {"ja": frozenset({"sm", "グロ", "女の子"}), "zh": frozenset({"性"})}

_CODE = re.compile(r"[a-z]{2,3}")
_ANY = ""  # the language of a list that is for all of them
_TOKEN = re.compile(r"\w+")

_FIELDS = (
    AnnotationField("n_unsafe_words", "BIGINT", "occurrences of the list's words; NULL in languages without a list"),
    AnnotationField("n_distinct_unsafe_words", "BIGINT", "different words of the list"),
)


def unsafe_words_annotator(name: str, lists: str | Path) -> Annotator:
    """Return the annotator that counts the words of a file, or of a folder of files named by language code.

    Raises MissingInputError if there is no such file, or no list in the folder.
    """
    files = _files(Path(lists))
    if not files:
        raise MissingInputError(f"annotator {name}: no list at {lists}; name a file, or a folder of files such as `en`")
    return measures_annotator(
        name,
        version=f"unsafe-words-{VERSION}-{'+'.join(files)}-{list_digest(tuple(files.values()))}-{LANGUAGE_VERSION}",
        fields=_FIELDS,
        load=partial(_load, files),
        details={"lists": str(Path(lists).absolute()), "languages": ", ".join(filter(None, files)) or "all"},
    )


def _files(lists: Path) -> dict[str, ListFile]:
    if lists.is_file():
        return {_ANY: list_file(lists)}
    found = sorted(lists.iterdir()) if lists.is_dir() else []
    return {path.name: list_file(path) for path in found if _CODE.fullmatch(path.name) and path.is_file()}


def _load(files: Mapping[str, ListFile]) -> Measure:
    finders = {language: _Finder(language, file) for language, file in files.items()}

    def measure(text: str, _: str) -> list[Value]:
        finder = finders.get(_ANY) or finders.get(text_language(text) or _ANY)
        found = finder.words_in(text.lower()) if finder else None
        return [None, None] if found is None else [len(found), len(set(found))]

    return measure


class _Finder:
    """Finds the words of one list."""

    def __init__(self, language: str, file: ListFile) -> None:
        words = {line.text.lower() for line in read_lines(file)} - ALLOWED.get(language, frozenset())
        pattern = any_of(words)
        self._is_whole = language not in UNSPACED
        self._pattern = re.compile(rf"(?<!\w){pattern}(?!\w)" if self._is_whole else pattern)
        # A text with the beginning of none of them needs no search: most texts are so.
        starts = {word: _TOKEN.search(word) for word in words if word}
        self._tokens = {start[0] for start in starts.values() if start}
        self._signs = [word for word, start in starts.items() if not start]

    def words_in(self, text: str) -> list[str]:
        """Return every occurrence, in the text's order."""
        return self._pattern.findall(text) if self._may_hold(text) else []

    def _may_hold(self, text: str) -> bool:
        return (
            not self._is_whole
            or not self._tokens.isdisjoint(_TOKEN.findall(text))
            or any(sign in text for sign in self._signs)
        )
