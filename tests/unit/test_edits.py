"""What each edit removes, by hand from the published rules, and what holds of all of them."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.growth import LIMIT, Work, growth
from udfs.annotator import Texts
from udfs.edit.annotator import edits_annotator, edits_of_version
from udfs.edit.edits import EDITS, count_words, edit
from udfs.errors import ConfigError, ConflictError

GOOD = "The old harbour wall was repaired before winter."

# Texts in which the rules have something to do, and plain noise.
BAD = """LOUD NOISE|12|3,4K views|Home|Sign-in now please|2 items in cart|See [3] there.|Read more...|at 10.0.0.1:80
We use cookies here.|Enable JavaScript to go on.|see www.example.com/a?b now.""".replace("\n", "|").split("|")
LINES = st.one_of(st.sampled_from([GOOD, "", "  ", *BAD]), st.text(max_size=30))
TEXTS = st.lists(LINES, max_size=8).map("\n".join)


def left(name: str, *lines: str) -> list[str]:
    """Return the lines that an edit leaves of a good line, these and another good line, without the good ones."""
    text = edit("\n".join((GOOD, *lines, GOOD)), [name]).text
    first, *middle, last = text.split("\n")
    assert (first, last) == (GOOD, GOOD)
    return middle


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("A line that ends as it should.", True),
        ('He said "so it is"', True),
        ("It was the sailors'", True),
        ("A line that ends in nothing", False),
        ("A line that trails off...", False),
        ("A line that trails off…", False),
        ("Two words.", False),
        ("Now three words.", True),
        ("Please enable Javascript now.", False),
        ("Read our Privacy Policy first.", False),
        ("This site uses cookies today.", False),
        ("We bake cookies every day.", True),
        (f"A word {'x' * 1000} that fits.", True),
        (f"A word {'x' * 1001} too long.", False),
        ("A page with a { in it.", True),  # drops the page there: a flag's matter
    ],
)
def test_c4_keeps_a_line_or_drops_it(line: str, kept: bool) -> None:
    assert left("c4_lines", line) == ([line] if kept else [])


def test_c4_strips_lines_and_citations_and_judges_the_end_without_them_but_the_words_with_them() -> None:
    assert left("c4_lines", "  The wall fell.[12]  ") == ["The wall fell."]
    assert left("c4_lines", "Walls fall. [1] [edit]") == []  # what is left ends in a space
    assert left("c4_lines", "[3] Walls fall.[citation needed]") == [" Walls fall."]
    assert left("c4_lines", "Walls[] fall[a] here.") == ["Walls fall[a] here."]


def test_fineweb_keeps_lines_whatever_they_end_with_and_follows_c4_otherwise() -> None:
    assert left("fineweb_lines", "A line that ends in nothing", "Just two", "It trails off...") == [
        "A line that ends in nothing",
        "It trails off...",
    ]
    assert left("fineweb_lines", "our terms of use here") == []


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("ABCD efg", True),  # 4 of 8 characters
        ("ABCDE fg", False),
        ("ÀÉÎÕÜ fg", False),
        ("12345", False),
        ("1 2", True),  # the space is no digit
        ("1,234 likes", False),
        ("3.4k followers!", False),
        ("* 12M Views", False),
        ("12 likes so far", True),
        ("about 12 likes", True),
        ("12likes here", True),
        ("lonely", False),
        ("two words", True),
        ("   ", False),
        ("", True),
    ],
)
def test_dclm_keeps_a_line_or_drops_it(line: str, kept: bool) -> None:
    assert left("dclm_lines", line) == ([line] if kept else [])


def test_dclm_takes_phrases_out_of_lines_of_up_to_ten_words() -> None:
    assert left("dclm_lines", "You have 3 Items in Cart today") == ["You have 3 today"]
    assert left("dclm_lines", "The wall fell. Read more...") == ["The wall fell."]
    assert left("dclm_lines", "Read more... of this") == ["Read more... of this"]
    assert left("dclm_lines", "Sign-in to go on") == ["to go on"]
    assert left("dclm_lines", "Please sign-in to go on") == ["Please sign-in to go on"]
    assert left("dclm_lines", "items in cart") == []
    eleven = "one two three four five six seven eight items in cart"
    assert left("dclm_lines", eleven) == [eleven]
    assert left("dclm_lines", eleven.removeprefix("one ")) == ["two three four five six seven eight"]


def test_dclm_strips_urls_and_newlines_beyond_two() -> None:
    def text(raw: str) -> str:
        return edit(raw, ["dclm_text"]).text

    assert text("See https://www.example.com/a?b=c#d for it.") == "See for it."
    assert text("See example.co.uk, or me@example.org now.") == "See, or now."
    assert text("(at example.com/x) and ftp://ftp.example.net/y/z too") == "(at and too"
    assert text("It lies at http://10.0.0.1:8080/x here.") == "It lies at here."
    assert text("Version 1.2.3 of node.js ended.It did, e.g. so.") == "Version 1.2.3 of node.js ended.It did, e.g. so."
    assert text("a\n\n\n\nb\n\nc") == "a\n\nb\n\nc"
    assert text("x" + " " * 12 + "example.com y") == "x   y"  # ten spaces go with it


def test_what_is_removed_is_counted_by_edit_and_by_rule() -> None:
    done = edit(f"{GOOD}\n\nTHIS IS LOUD\n12 likes\nhome\nsee www.example.com now", ["dclm_text", "dclm_lines"])

    assert done.text == f"{GOOD}\n\nsee now"
    assert done.n_words == 10
    assert done.removed["dclm_text"][:3] == (0, 1, len(" www.example.com"))
    assert done.removed["dclm_lines"][:3] == (3, 6, len("THIS IS LOUD\n12 likes\nhome\n"))
    assert done.removed["dclm_lines"].n_lines_by_rule == {"uppercase": 1, "counter": 1, "few_words": 1}
    assert (done.n_lines_removed, done.n_words_removed, done.n_chars_removed) == (3, 7, 43)


def test_nothing_may_be_left() -> None:
    assert edit("home\n\nabout", ["c4_lines"]).text == ""
    assert edit("HOME", ["dclm_lines"]).text == ""
    assert edit("", list(EDITS)).n_lines_removed == 0


def test_words_begin_with_a_letter_or_digit_and_white_space_separates_them() -> None:
    assert count_words("The wall, 2 - metres\thigh\n(so) é naïve _x") == 7
    assert count_words("one\u00a0word") == 1  # fastText knows ASCII's white space only
    assert count_words(" \n") == 0


@pytest.mark.parametrize("name", EDITS)
@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_an_edit_is_pure_and_what_it_removed_and_what_it_left_are_all_there_was(name: str, text: str) -> None:
    done = edit(text, [name])

    assert edit(text, [name]) == done
    assert len(done.text) + done.n_chars_removed == len(text)
    assert done.n_words + done.n_words_removed == count_words(text)
    assert done.n_words == count_words(done.text)
    assert done.n_chars_removed >= 0
    letters = iter(text)
    if "\r" not in text and not any(c in text for c in "\v\f\x1c\x1d\x1e\x85\u2028\u2029"):  # those become "\n"
        assert all(c in letters for c in done.text)  # nothing is added, and the order is the same


@pytest.mark.parametrize("name", EDITS)
@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_lines_left_and_lines_dropped_are_all_lines(name: str, text: str) -> None:
    lines = text.splitlines() if "c4" in name or "fineweb" in name else text.split("\n")
    done = edit(text.replace("[", ""), [name])
    n_left = sum(1 for line in done.text.split("\n") if line.strip())

    assert n_left + done.n_lines_removed == sum(1 for line in lines if line.replace("[", "").strip())


@pytest.mark.parametrize("name", ["c4_lines", "fineweb_lines", "dclm_lines"])
@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_line_rules_find_nothing_more_in_what_they_left_of_a_text_without_phrases(name: str, text: str) -> None:
    for phrase in ("[", "items in cart", "Read more", "read more", "Sign-in"):
        text = text.replace(phrase, "")
    # Stripped, for DCLM strips the text after each rule, and then the first and last lines have other ratios.
    once = edit("\n".join(line.strip() for line in text.split("\n")), [name]).text

    assert edit(once, [name]).text == once


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(codec=None), max_size=300))
def test_no_text_is_too_odd_and_none_grows(text: str) -> None:
    assert len(edit(text, list(EDITS)).text) <= len(text)


def test_an_unknown_edit_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean 'dclm_lines'"):
        edit("x", ["dclm_line"])
    with pytest.raises(ConfigError, match="named twice"):
        edit("x", ["c4_lines", "c4_lines"])


def test_the_annotator_says_what_would_be_gone_and_counts_the_tokens_left() -> None:
    annotator = edits_annotator("dclm_edit", ("dclm_text", "dclm_lines"))
    texts = [f"{GOOD}\nTHIS IS LOUD", GOOD, "HOME", ""]

    said = annotator(Texts(texts, [""] * 4))

    alone = annotator(Texts([GOOD], [""]))
    assert set(said) == {field.name for field in annotator.fields}
    assert said["removed_word_ratio"] == [round(3 / 11, 6), 0, 1, None]
    assert [share["dclm_lines"] for share in said["removed_word_ratio_by_edit"]] == said["removed_word_ratio"]
    assert said["n_removed_by_edit"] == [{"dclm_text": 0, "dclm_lines": n} for n in (1, 0, 1, 0)]
    assert said["n_lines_removed"] == [1, 0, 1, 0]
    assert said["n_words"] == [8, 8, 0, 0]
    assert list(said["n_tokens"]) == [alone["n_tokens"][0], alone["n_tokens"][0], 0, 0]
    assert alone["n_tokens"][0] > 5


def test_the_version_says_which_edits_made_the_annotation() -> None:
    version = edits_annotator("e", ("c4_lines", "dclm_lines")).version

    assert version.startswith("edits-c4_lines.1+dclm_lines.1-")
    assert edits_of_version("e", version) == ("c4_lines", "dclm_lines")
    assert edits_annotator("e", ("dclm_lines", "c4_lines")).version != version


def test_an_annotation_by_another_version_of_an_edit_or_by_two_is_a_conflict_that_says_what_to_do() -> None:
    with pytest.raises(ConflictError, match=r"c4_lines\.9.*annotate --only e"):
        edits_of_version("e", "edits-c4_lines.9-0123456789ab")
    with pytest.raises(ConflictError, match="different edits"):
        edits_of_version("e", "edits-c4_lines.1-0123456789ab,edits-dclm_lines.1-0123456789ab")
    with pytest.raises(ConfigError, match="no annotation of edits"):
        edits_of_version("topic", "1")


HOSTILE: dict[str, Callable[[int], str]] = {
    "lines": lambda n: f"{GOOD}\n" * n,
    "short lines": lambda n: "a b\n" * (5 * n),
    "one line": lambda n: "word and " * (3 * n),
    "one word": lambda n: "x" * (40 * n),
    "spaces": lambda n: " " * (40 * n) + "x",
    "newlines": lambda n: "\n" * (40 * n) + "x",
    "brackets": lambda n: "[" * (30 * n),
    "dots": lambda n: "." * (30 * n),
    "hosts without an end": lambda n: "a.b" * (10 * n),
    "hosts": lambda n: "see a.com " * (4 * n),
    "a long url": lambda n: "http://a.com/" + "x/" * (10 * n),
    "numbers with dots": lambda n: "1.2." * (8 * n),
    "a counter without a noun": lambda n: "1" * (20 * n) + " " * (20 * n),
    "citations": lambda n: "[1]" * (10 * n),
    "digits in brackets": lambda n: "[" + "1" * (30 * n),
    "a phrase again and again": lambda n: "items in cart" * (3 * n),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_twice_as_much_text_takes_less_than_two_and_a_half_times_as_long(case: str) -> None:
    def work(n: int) -> Work:
        return partial(edit, HOSTILE[case](n), list(EDITS))

    assert growth(work, 4_000) < LIMIT
