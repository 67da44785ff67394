"""A SQL condition over a page's columns: what it refers to, and what it must not ask."""

import re
from collections.abc import Iterator, Mapping

from udfs.errors import ConfigError

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_BACKTICKED = re.compile(r"`[^`]*`")
_SUBQUERY = re.compile(r"\bselect\b|\(\s*(table|values|from|with)\b", re.IGNORECASE)
_CHANCE = re.compile(
    r"\b(randn?|random|randstr|uniform|uuid|shuffle|now|current_\w+|localtimestamp|unix_timestamp|curdate"
    r"|monotonically_increasing_id|spark_partition_id|input_file_\w+|(?:try_)?reflect|java_method)\s*\(|\bcurrent_(date|timestamp|user)\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"--|/\*")
# Neither a function nor the type of a literal (date '2026-01-01').
_NAME = re.compile(r"(?<![\w.`])(?:`[^`]+`|[A-Za-z_]\w*)(?:\s*\.\s*(?:`[^`]+`|[A-Za-z_]\w*))*(?!\s*[('])(?![\w`])")
_PARAMETERS = re.compile(r"(?:\b([A-Za-z_]\w*)|\(([\w\s,]+)\))\s*->")
_WORDS = frozenset(
    re.findall(
        r"\w+",
        "and or not in is null like ilike rlike regexp between true false case when then else end escape any all some"
        " as distinct from div array struct map bigint int double string boolean float decimal",
    )
)


def check_condition(where: str, place: str) -> None:
    """Raise ConfigError if the condition depends on more than a row; `place` says whose it is."""
    bare = _BACKTICKED.sub("``", _QUOTED.sub("''", where))
    for pattern, what in (
        (_COMMENT, "a comment"),
        (_SUBQUERY, "a subquery"),
        (_CHANCE, "a function whose answer changes"),
    ):
        if found := pattern.search(bare):
            raise ConfigError(f"{place}: {found.group()!r} is {what}; use the page's columns only")


def names_in(where: str) -> list[str]:
    """Return the columns and fields that the condition speaks of, in lower case and without backticks, each once."""
    return list(dict.fromkeys(name for _, name in _names(where)))


def with_names(where: str, meanings: Mapping[str, str]) -> str:
    """Return the condition with each of the names that is a key of `meanings` replaced by its value."""
    pieces, at = [], 0
    for match, name in _names(where):
        if name in meanings:
            pieces += [where[at : match.start()], meanings[name]]
            at = match.end()
    return "".join((*pieces, where[at:]))


def _names(where: str) -> Iterator[tuple[re.Match[str], str]]:
    masked = _QUOTED.sub(lambda m: "'" + " " * (len(m.group()) - 2) + "'", where)
    parameters = {word for match in _PARAMETERS.finditer(masked) for word in re.findall(r"\w+", match.group())}
    for match in _NAME.finditer(masked):
        name = re.sub(r"[`\s]", "", match.group()).lower()
        if name not in _WORDS and name.partition(".")[0] not in parameters:
            yield match, name
