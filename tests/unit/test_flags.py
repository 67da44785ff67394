"""Presets: what their YAML may say, and the SQL that they become."""

from pathlib import Path
from typing import Any

import pytest

from etl.flags import Flag, Preset, Threshold
from etl.flags.presets import Presets, find_presets, sort_out
from etl.flags.sql import judgements, shown
from udfs.conf import parse_conf
from udfs.errors import ConfigError, MissingInputError, UsageError

COLUMNS = {"url": None, "n_tokens": None, "gopher": {"n_words", "hash_ratio"}, "language": {"label", "score"}}


def preset(*flags: dict[str, Any], name: str = "gopher") -> Preset:
    return parse_conf({"name": name, "flags": list(flags)}, Preset, where="test")


SHORT = {"name": "too_short", "where": "gopher.n_words < 50"}
HASHES = {"name": "hashes", "where": "gopher.hash_ratio > 0.1 OR n_tokens = 0"}


@pytest.mark.parametrize(
    ("where", "threshold"),
    [
        ("gopher.n_words < 50", Threshold("gopher.n_words", "<", "50")),
        ("gopher.n_words > 100_000", Threshold("gopher.n_words", ">", "100000")),
        ("a.b / c.d >= .5", Threshold("a.b / c.d", ">=", ".5")),
        ("a.b <= -1.5", Threshold("a.b", "<=", "-1.5")),
        ("a.b > try_element_at(map(x, 1), c.d)", Threshold("a.b", ">", "try_element_at(map(x, 1), c.d)")),
        ("a.b < 5 AND c > 6", None),
        ("NOT a.b < 5", None),
        ("a.b = 5", None),
        ("language.label != 'en'", None),
        ("a < b.c", None),
    ],
)
def test_a_simple_comparison_has_a_threshold(where: str, threshold: Threshold | None) -> None:
    assert Flag(name="f", where=where).threshold == threshold


def test_a_flag_cannot_be_told_where_an_annotator_that_it_asks_has_not_spoken() -> None:
    sql = Flag(**HASHES).sql()

    assert sql == (
        "CASE WHEN `gopher` IS NOT NULL AND `n_tokens` IS NOT NULL"
        " THEN coalesce((gopher.hash_ratio > 0.1 OR n_tokens = 0), false) END"
    )


def test_flags_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two flags are named too_short"):
        preset(SHORT, SHORT)


def test_a_flag_cannot_take_the_name_of_the_sum_of_all() -> None:
    with pytest.raises(ConfigError, match="flagged"):
        preset({"name": "flagged", "where": "true"})


def test_a_preset_over_columns_that_nobody_gave_says_what_it_lacks() -> None:
    presets = sort_out([preset(SHORT), preset({"name": "f", "where": "c4.n_lines < 3"}, name="c4")], COLUMNS)

    assert list(presets.ready) == ["gopher"]
    with pytest.raises(UsageError, match=r"flags of c4 cannot be told here: no annotator has given c4"):
        presets.named("c4")


DOES_NOT_FIT = {
    r"gopher\.few: gopher has no field 'n_word' \(did you mean 'n_words'\?\)": preset(
        {"name": "few", "where": "gopher.n_word < 5"}
    ),
    "a measure has that name": preset({"name": "n_words", "where": "gopher.n_words < 5"}),
    "a column has that name": preset({"name": "far", "where": "n_tokens < 5"}, name="url"),
    r"flag gopher\.sly: .* is a subquery": preset({"name": "sly", "where": "n_tokens < (SELECT 5)"}),
}


@pytest.mark.parametrize(("reason", "unfit"), DOES_NOT_FIT.items())
def test_a_preset_that_does_not_fit_hinders_only_those_who_ask_for_it(reason: str, unfit: Preset) -> None:
    presets = sort_out([unfit, preset(SHORT, name="other")], COLUMNS)

    assert list(presets.ready) == ["other"]
    assert presets.spelled_out("NOT other.too_short") != "NOT other.too_short"
    with pytest.raises(UsageError, match=reason):
        presets.named(unfit.name)


def test_a_condition_that_spark_does_not_take_is_named_with_what_spark_says() -> None:
    broken = {"name": "broken", "where": "gopher.n_words < < 5"}

    presets = sort_out([preset(SHORT, broken)], COLUMNS, lambda sql: "syntax error" if "< <" in sql else None)

    assert presets.lacking == {"gopher": "flag gopher.broken: syntax error"}


def test_an_optional_flag_is_untold_and_the_preset_stands_without_it() -> None:
    banned = {"name": "banned", "where": "url_rules.is_banned_url", "optional": True}

    gopher = sort_out([preset(SHORT, banned)], COLUMNS).ready["gopher"]

    assert [flag.is_told for flag in gopher.flags] == [True, False]
    assert gopher.meanings()["gopher.banned"] == "CAST(NULL AS BOOLEAN)"
    assert gopher.meanings()["gopher.flagged"] == f"({gopher.meanings()['gopher.too_short']})"
    assert "banned" not in judgements([gopher])


def test_a_preset_of_which_no_flag_can_be_told_is_lacking() -> None:
    banned = {"name": "banned", "where": "url_rules.is_banned_url", "optional": True}

    presets = sort_out([preset(banned)], COLUMNS)

    assert presets.lacking == {"gopher": "nobody has given what any of its flags asks"}


def test_a_column_of_the_page_that_is_null_says_something_of_it() -> None:
    assert Flag(name="untitled", where="title IS NULL").sql() == (
        "CASE WHEN true THEN coalesce((title IS NULL), false) END"
    )


def test_a_measure_can_be_used_where_the_preset_of_its_name_lacks_something() -> None:
    asks_more = preset(SHORT, {"name": "poor", "where": "sentiment.score < 0"})

    presets = sort_out([asks_more], COLUMNS)

    assert presets.spelled_out("gopher.n_words > 3") == "gopher.n_words > 3"
    with pytest.raises(UsageError, match="no annotator has given sentiment"):
        presets.spelled_out("NOT Gopher.Too_Short")


def test_an_unknown_preset_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(MissingInputError, match=r"no preset 'gofer' .*did you mean 'gopher'"):
        Presets({"gopher": preset(SHORT)}, {}).named("gofer")


def test_a_condition_with_flags_is_spelled_out() -> None:
    presets = sort_out([preset(SHORT)], COLUMNS)

    assert presets.spelled_out("NOT gopher.too_short AND url = 'gopher.too_short'") == (
        "NOT (CASE WHEN `gopher` IS NOT NULL THEN coalesce((gopher.n_words < 50), false) END)"
        " AND url = 'gopher.too_short'"
    )


def test_a_condition_with_a_flag_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be told here"):
        Presets({}, {"c4": "no annotator has given c4"}, frozenset({"c4.flagged"})).spelled_out("NOT c4.flagged")


def test_measures_and_flags_of_one_name_stand_in_one_struct() -> None:
    sql = shown([preset(SHORT)], COLUMNS)

    assert sql.startswith("* EXCEPT (`gopher`), struct(`gopher`.*, CASE")
    assert sql.endswith("AS `too_short`, (CASE WHEN `gopher` IS NOT NULL THEN coalesce((gopher.n_words < 50), false)"
                        " END) AS `flagged`) AS `gopher`")  # fmt: skip


def test_a_preset_without_a_column_of_its_name_is_a_struct_of_flags() -> None:
    assert shown([preset(SHORT, name="mine")], COLUMNS).startswith("*, struct(CASE")


def test_without_presets_nobody_is_judged() -> None:
    assert "named_struct" in judgements([])


def test_a_preset_of_the_users_counts_before_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "conf" / "flags"
    folder.mkdir(parents=True)
    (folder / "gopher.yaml").write_text("{name: gopher, flags: [{name: mine, where: n_tokens < 3}]}")
    monkeypatch.chdir(tmp_path)

    found = {preset.name: preset for preset in find_presets()}

    assert [flag.name for flag in found["gopher"].flags] == ["mine"]


def test_a_file_named_otherwise_than_its_preset_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "conf" / "flags"
    folder.mkdir(parents=True)
    (folder / "b.yaml").write_text("{name: a, flags: [{name: mine, where: n_tokens < 3}]}")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=r"call the file a\.yaml"):
        find_presets()
