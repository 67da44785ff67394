"""Edits -> the annotator that says what they would remove from a text, and how many tokens they would leave."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from udfs.annotator import AnnotationField, Annotator, Columns, Predict, Texts
from udfs.edit.edits import EDITS, Edited, edit, edits_named
from udfs.errors import ConfigError, ConflictError
from udfs.measure.measure_set import ratio
from udfs.tokens import DEFAULT_TOKENIZER, tokens_annotator

_VERSION = re.compile(r"edits-(?P<labels>[a-z0-9_]+[.0-9]+(?:\+[a-z0-9_]+[.0-9]+)*)-(?P<tokenizer>[0-9a-f]{12})")


def edits_annotator(name: str, edits: tuple[str, ...], tokenizer: str = DEFAULT_TOKENIZER) -> Annotator:
    """Return the annotator of what `edits`, in this order, remove from a text; the edited text is not stored.

    A mixture with `text: {edits: NAME}` counts its budget in this annotation's tokens and makes the same text again
    with the edits that the annotation's version names. Raises ConfigError for an unknown edit or none.
    """
    found = edits_named(edits)
    if not found:
        raise ConfigError(f"annotator {name}: give at least one of the edits {', '.join(EDITS)}")
    counter = tokens_annotator("tokens", tokenizer)
    digest = counter.version.removeprefix("tokens-")
    fields = _fields(counter.fields[0].comment)
    return Annotator(
        name=name,
        version=f"edits-{'+'.join(item.label for item in found)}-{digest}",
        fields=fields,
        load=partial(_load, tuple(edits), counter.load, tuple(field.name for field in fields)),
        details={**counter.details, **{item.name: item.about for item in found}},
    )


def edits_of_version(name: str, version: str) -> tuple[str, ...]:
    """Return the edits that an annotation was made with, from the version of its annotator.

    Raises ConfigError if that is no version of an edits annotator, ConflictError if pages were annotated with
    several versions (joined by a comma) or with another version of an edit than the installed one.
    """
    if "," in version:
        raise ConflictError(f"{name} was made with different edits on different pages ({version}): {_again(name)}")
    if not (match := _VERSION.fullmatch(version)):
        raise ConfigError(f"{name} is no annotation of edits (its version is {version!r}); name one of kind `edits`")
    labels = match["labels"].split("+")
    installed = {item.label for item in EDITS.values()}
    if other := [label for label in labels if label not in installed]:
        raise ConflictError(f"{name} was made with {', '.join(other)}, which is not installed here: {_again(name)}")
    return tuple(label.partition(".")[0] for label in labels)


def _again(name: str) -> str:
    return f"run `webstrata annotate --only {name}` on every crawl"


def _fields(tokens: str) -> tuple[AnnotationField, ...]:
    """Return the fields: the same for any edits, so that other ones may follow in the same column."""
    said = [
        ("removed_word_ratio", "DOUBLE", "words of the raw text that are gone, as a share; null without words"),
        ("removed_char_ratio", "DOUBLE", "characters of the raw text that are gone, as a share; null without any"),
        ("n_lines_removed", "BIGINT", "lines, not blank, that were dropped"),
        ("n_removed_by_edit", "MAP<STRING, BIGINT>", "lines, not blank, that each edit dropped"),
        (
            "removed_word_ratio_by_edit",
            "MAP<STRING, DOUBLE>",
            "words gone, of those that each edit was given, as a share",
        ),
        ("n_words", "BIGINT", "words of the edited text: by white space, beginning with a letter or a digit"),
        ("n_chars", "BIGINT", "characters of the edited text"),
        ("n_tokens", "BIGINT", tokens.replace("the whole text", "the edited text")),
    ]
    return tuple(AnnotationField(*item) for item in said)


def _load(edits: tuple[str, ...], load_counter: Callable[[], Predict], names: tuple[str, ...]) -> Predict:
    count = load_counter()

    def predict(texts: Texts) -> Columns:
        edited = [edit(text, edits) for text in texts.text]
        rows = [_row(item) for item in edited]
        columns = {name: [row[i] for row in rows] for i, name in enumerate(names[:-1])}
        return columns | {names[-1]: count(Texts([item.text for item in edited], texts.url))["n_tokens"]}

    return predict


def _row(edited: Edited) -> tuple[object, ...]:
    """Return the fields of one text, in their order, apart from its tokens."""
    n_chars, n_words = len(edited.text), edited.n_words
    n_given = n_words + edited.n_words_removed
    return (
        ratio(edited.n_words_removed, n_given),
        ratio(edited.n_chars_removed, n_chars + edited.n_chars_removed),
        edited.n_lines_removed,
        {name: removed.n_lines for name, removed in edited.removed.items()},
        dict(_word_ratios(edited, n_given)),
        n_words,
        n_chars,
    )


def _word_ratios(edited: Edited, n_given: int) -> Iterator[tuple[str, float | None]]:
    """Yield of each edit the share that it removed of the words left by those before it."""
    for name, removed in edited.removed.items():
        yield name, ratio(removed.n_words, n_given)
        n_given -= removed.n_words
