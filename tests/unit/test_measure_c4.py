"""C4's measures in datatrove's dialect, line by line by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.annotator import Annotator, Texts
from udfs.errors import ConfigError
from udfs.measure.c4 import DIALECTS, FIELDS, c4_annotator

ENGLISH = c4_annotator("c4", "fast", "en")
DETECTED = c4_annotator("c4", "fast")
GOOD = "A good line. It has two sentences."


def measured(text: str, annotator: Annotator = ENGLISH) -> dict[str, object]:
    return {name: column[0] for name, column in annotator(Texts([text], [""])).items()}


def counted(line: str) -> dict[str, object]:
    """Return what a line beside a good one adds to the measures of the good one alone; True where it makes them so."""
    alone, both = measured(GOOD), measured(f"{GOOD}\n{line}")
    changed = {name: (value, alone[name]) for name, value in both.items() if value != alone[name]}
    return {name: new is True or int(str(new)) - int(str(old)) for name, (new, old) in changed.items()}


def test_a_good_line_is_kept_with_its_sentences() -> None:
    found = measured(GOOD)
    assert found["n_lines"] == found["n_kept_lines"] == found["n_kept_lines_any_end"] == 1
    assert found["n_sentences"] == found["n_sentences_any_end"] == 2
    assert found["has_lorem_ipsum"] is False


@pytest.mark.parametrize(
    ("line", "added"),
    [
        ("No end here at all", {"n_unended_lines": 1, "n_kept_lines_any_end": 1, "n_sentences_any_end": 1}),
        ("An ellipsis is no end...", {"n_unended_lines": 1, "n_kept_lines_any_end": 1, "n_sentences_any_end": 1}),
        ("Two words.", {"n_short_lines": 1, "n_short_lines_any_end": 1}),
        ("Two words", {"n_unended_lines": 1, "n_short_lines_any_end": 1}),
        (" ", {"n_unended_lines": 1, "n_short_lines_any_end": 1}),
        ("x" * 1_001 + " and more words.", {"n_long_word_lines": 1, "n_long_paragraphs": 1}),
        ("Please enable JavaScript now.", {"n_javascript_lines": 1, "n_javascript_lines_any_end": 1}),
        ("We use cookies on this site.", {"n_policy_lines": 1, "n_policy_lines_any_end": 1}),
        ("Here is Lorem Ipsum dolor.", {"has_lorem_ipsum": True, "has_lorem_ipsum_any_end": True}),
        ("Code with { in it.", {"has_curly_bracket": True, "has_curly_bracket_any_end": True}),
        ("if (x) { y }", {"n_unended_lines": 1, "has_curly_bracket_any_end": True}),
        ("javascript: a { b.", {"n_javascript_lines": 1, "n_javascript_lines_any_end": 1}),
        ("a {.", {"n_short_lines": 1, "n_short_lines_any_end": 1}),
    ],
)
def test_a_line_is_counted_under_the_first_rule_that_takes_it_out(line: str, added: dict[str, object]) -> None:
    assert counted(line) == {"n_lines": 1, **added}


def test_a_citation_is_a_word_but_no_end() -> None:
    assert counted("Two words.[1]")["n_short_lines"] == 1
    assert counted("Two words[12] and.[edit]")["n_kept_lines"] == 1
    assert counted("It ends in a space. [3]")["n_unended_lines"] == 1


def test_lines_end_where_python_ends_them_and_long_paragraphs_at_newlines() -> None:
    found = measured("x" * 199 + "\u2028" + "y" * 10 + "\n" + "z" * 200)
    assert found["n_lines"] == 3
    assert found["n_long_paragraphs"] == 2


def test_in_languages_without_spaces_only_lines_are_counted() -> None:
    found = measured("猫が窓辺で静かに雨を眺めている。\n今日はとても寒いです。", DETECTED)
    assert {name for name, value in found.items() if value is not None} == {"n_lines", "n_long_paragraphs"}


@settings(deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="a. {[1]\n\r\x85\ud800", max_size=60))
def test_every_line_is_counted_once(text: str) -> None:
    found = measured(text, ENGLISH)
    for suffix, others in (("", ["n_long_word_lines", "n_unended_lines"]), ("_any_end", ["n_long_word_lines"])):
        kinds = [f"n_{kind}_lines{suffix}" for kind in ("kept", "short", "javascript", "policy")]
        n = sum(int(str(found[name])) for name in (*kinds, *others))
        is_whole = not found[f"has_lorem_ipsum{suffix}"] and not found[f"has_curly_bracket{suffix}"]
        assert n == found["n_lines"] if is_whole else n < int(str(found["n_lines"]))
    assert list(found) == [field.name for field in FIELDS]
    assert measured(text, DETECTED).keys() == found.keys()


def test_dclm_wants_five_words_to_a_line_and_counts_no_citation() -> None:
    text = "Four words stand here.\nFive words are just enough.\nFour words and one [1].\nTwo words [2] [3] [4]."
    theirs = {dialect: c4_annotator("c4", "fast", "en", dialect)(Texts([text], [""])) for dialect in DIALECTS}

    assert [theirs[dialect]["n_short_lines"][0] for dialect in ("datatrove", "dclm")] == [0, 2]
    assert [theirs[dialect]["n_sentences"][0] for dialect in ("datatrove", "dclm")] == [4, 2]


def test_a_dialect_is_another_version_and_an_unknown_one_is_refused() -> None:
    assert len({c4_annotator("c4", "fast", "en", dialect).version for dialect in DIALECTS}) == 2
    with pytest.raises(ConfigError, match="no dialect 'dolma' of C4"):
        c4_annotator("c4", dialect="dolma")
