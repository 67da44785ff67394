"""Words and phrases -> one regular expression that finds any of them, the longest first, in time linear in the text."""

import re
from collections.abc import Iterable

Trie = dict[str, "Trie"]
_END = ""


def any_of(words: Iterable[str]) -> str:
    """Return a pattern of any of the words, or one that matches nothing.

    Beginnings are shared (`ab|ac` is `a[bc]`), so that at each character of a text few alternatives are tried, where
    a plain `|` tries all of them.
    """
    root: Trie = {}
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        if word:
            node[_END] = {}
    return _pattern(root) if root else r"(?!)"


def _pattern(node: Trie) -> str:
    rest = {char: below for char, below in node.items() if char != _END}
    if not rest:
        return ""
    parts = [_branch(char, below) for char, below in sorted(rest.items())]
    joined = parts[0] if len(parts) == 1 and _END not in node else f"(?:{'|'.join(parts)})"
    return f"{joined}?" if _END in node else joined


def _branch(char: str, node: Trie) -> str:
    """Return a character with all that must follow it, up to where words part."""
    run = char
    while len(node) == 1 and _END not in node:
        (char, node), *_ = node.items()
        run += char
    return re.escape(run) + _pattern(node)
