"""Words -> tokens much like those of spaCy's English, by regular expressions of our own and without spaCy.

From each word marks are taken off its beginning and end, one by one, until it is a word that stays as it is
(`p.m.`), a contraction (`do` `n't`) or bare; what is bare and no address is cut at marks between letters.
Left out are emoticons, most abbreviations and most units, and the scripts that spaCy lists beside Latin letters.
"""

import re
from collections.abc import Sequence

VERSION = "fast-1"

_MARKS = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪'\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉⟦⟧"
_CURRENCY = "$£€¥฿₠-₿﷼"
_ICONS = "¦©®°℀℁℃-℆№℗™℞-℣─-▶▸-◀◂-◷☀-♮♰-❧➔-➿⬀-⬯\ufffc\ufffd\U0001f000-\U0001faff"
_SET = re.escape(_MARKS) + _ICONS
_UNITS = (
    "km²|km³|km|m²|m³|m/s|mph|m|dm|cm²|cm³|cm|mm²|mm³|mm|ha|nm|yd|in|ft|kg|g|mg|t|lb|oz|km/h|kmh|hPa|Pa|mb|MB|kb|KB|gb"
    "|GB|tb|TB|T|G|M|K|%"
)
_QUOTES = "'\"”“`‘´’‚,„»«"
_UNCASED = "\u0590-\u0dff\u1100-\u137f\uac00-\ud7af\u3040-\u30ff\u3400-\u9fff"
_LOWER = f"a-zß-öø-ÿα-ωά-ώа-яё{_UNCASED}"
_UPPER = f"A-ZÀ-ÖØ-ÞА-ЯЁ{_UNCASED}"

_FIRST = re.compile(rf"\.\.+|(?:US|C|A)\$|[§%=—–{_CURRENCY}{_SET}]|\+(?!\d)")
_LAST = re.compile(
    rf"(?:(?<=[0-9])(?:[+{_CURRENCY}]|{_UNITS})|['’][sS]|\):|[—–{_SET}]"
    rf"|(?:(?<=[0-9{_LOWER}%²\-+{_SET}])|(?<=[{_UPPER}][{_UPPER}])|(?<=°[CFKcfk]))\.)$"
)
_LONGEST_LAST = 8
_LAST_LETTERS = frozenset(_UNITS + "sS")
_INSIDE = re.compile(
    rf"(\.\.+|[…{_ICONS}]|(?<=[0-9])[+\-*^](?=[0-9-])|(?<=[{_LOWER}{_QUOTES}])\.(?=[{_UPPER}{_QUOTES}])"
    r"|(?<=[^\W\d_]),(?=[^\W\d_])|(?<=[^\W_])(?:---?|——|[-–—~:<>=/])(?=[^\W\d_]))"
)
_ADDRESS = re.compile(
    r"(?:[\w+.-]{2,}+://)?+(?:[^\s@]++@)?+"
    r"(?:(?:[A-Za-z0-9\u00a1-\uffff_-]++\.)+[a-z\u00df-\uffff]{2,63}|\d{1,3}(?:\.\d{1,3}){3})"
    r"(?::\d{2,5})?(?:[/?#].*)?"
)

_PERSONS, _ASKED = "i you he she it we they", "who what when where why how there this"
_CAN = "could might must should would"
_CONTRACTIONS = (
    (f"{_PERSONS} {_ASKED} that these those", "'ll ll 'd d 'll|'ve ll|ve 'd|'ve d|ve"),
    ("i", "'m m 'm|a m|a"),
    (f"i you we they {_ASKED} {_CAN}", "'ve ve"),
    (f"you we they {_ASKED}", "'re re"),
    (f"he she it that {_ASKED}", "'s s"),
    (f"ca do does did had may need ought sha wo {_CAN}", "n't nt n't|'ve nt|ve"),
    ("ai are is was were have has dare", "n't nt"),
    ("can", "not"),
    ("gon", "na"),
    ("got", "ta"),
    ("let", "'s"),
    ("y y'", "all"),
    ("1 2 3 4 5 6 7 8 9 10 11 12", "am pm a.m. p.m."),
)
_LEFT_ALONE = ("ill", "its", "hell", "shell", "shed", "were", "well", "whore")
_WHOLE = """
a.m. p.m. e.g. i.e. E.g. I.e. vs. v.s. Mr. Mrs. Ms. Dr. Prof. St. Jr. Inc. Ltd. Co. co. Corp. Bros. Gen. Gov.
Rep. Rev. Sen. Mt. Ph.D. D.C. N.Y. N.C. N.J. Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec. Mo.
Md. Calif. Conn. Del. Fla. Ga. Ia. Ill. Ind. Ky. La. Mass. Mich. Minn. Miss. Pa. Va. Wash. Wis. Tenn. Okla.
Ore. Ala. Mont. Id. z. and/or w/o o'clock ma'am 's 'S 're 'll 'em ’em 'cause ’cause 'Cause 'bout ’bout 'd ‘s
'' C++ :) :-) :)) ;) ;-) :( :-( :D :-D :P :-P :/ <3 xD :p :o =) =D 8) :] (: (;
a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y.
"""


class FastSplitter:
    """Regular expressions that see one word at a time."""

    version = VERSION

    def split(self, words: Sequence[str]) -> list[list[str]]:
        """Return the tokens of each word; joined they are the word."""
        return list(map(_split, words))

    def crosses(self, words: Sequence[str]) -> bool:  # noqa: ARG002 - the protocol's
        """Return False: no word depends on the word beside it."""
        return False

    def split_text(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return [token for word in text.split() for token in _split(word)]

    def forget(self) -> None:
        """Free nothing."""


def _cases() -> dict[str, list[str]]:
    """Return the tokens of each word that has its own, with either apostrophe and either case of its first letter."""
    parts = [
        [head, *tail.split("|")] for heads, tails in _CONTRACTIONS for head in heads.split() for tail in tails.split()
    ]
    parts = [tokens for tokens in parts if "".join(tokens) not in _LEFT_ALONE]
    parts += [[first[:1].upper() + first[1:], *rest] for first, *rest in parts]
    parts += [[token] for token in _WHOLE.split()]
    parts += [[token.replace("'", "’") for token in tokens] for tokens in parts]
    return {"".join(tokens): tokens for tokens in parts}


_CASES = _cases()
_LONGEST_CASE = max(map(len, _CASES))


def _split(word: str) -> list[str]:
    if word.isalpha():
        return _CASES.get(word) or [word]
    first, last, middle = [], [], []
    start, end = 0, len(word)
    while start < end:
        if end - start <= _LONGEST_CASE and (case := _CASES.get(word[start:end])):
            middle = case
            break
        if found := _FIRST.match(word, start, end):
            first.append(found[0])
            start = found.end()
        elif found := _mark_at_the_end(word, start, end):
            last.append(found[0])
            end = found.start()
        else:
            middle = _inside(word[start:end])
            break
    return first + middle + last[::-1]


def _mark_at_the_end(word: str, start: int, end: int) -> re.Match[str] | None:
    if word.endswith("..", start, end):
        return _FIRST.match(word, len(word[:end].rstrip(".")), end)
    if word[end - 1].isalpha() and word[end - 1] not in _LAST_LETTERS:
        return None
    return _LAST.search(word, max(start, end - _LONGEST_LAST), end)


def _inside(core: str) -> list[str]:
    if core.isalnum() or not _INSIDE.search(core) or _ADDRESS.fullmatch(core):
        return [core]
    return [part for part in _INSIDE.split(core) if part]
