"""Flags over a small lake whose rows are written here: what views show, funnels count, mixtures and people read."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from etl.cli import main, questions
from etl.config import find_annotators
from etl.explain.file import explain_file
from etl.explain.page import explain_page
from etl.explain.shown import render
from etl.flags.funnel import compared, funnel, samples
from etl.jobs.mix import make_plan, mix
from etl.lake import Lake
from etl.mixture import MixtureSpec
from etl.report.flags import collect_presets
from tests.spark.test_report_collect import BATCH, BEGAN, CRAWL, duplicate, write
from udfs.annotator import Annotator
from udfs.annotators import AnnotatorsConf, load_annotators
from udfs.conf import parse_conf
from udfs.errors import ConfigError, MissingInputError, UsageError

STRICT = """
name: strict
source: ours
flags:
  - {name: too_short, where: text_measures.n_words < 10, note: hardly a text}
  - {name: shouting, where: text_measures.upper_ratio > 0.5}
  - {name: foreign, where: language.label <> 'en'}
"""
LAX = "{name: lax, flags: [{name: tiny, where: text_measures.n_words < 5}, {name: odd, where: n_tokens = 77}]}"
OWN = "{name: text_measures, flags: [{name: too_short, where: text_measures.n_words < 10}]}"
BROKEN = "{name: broken, flags: [{name: odd, where: text_measures.n_words < < 10}]}"
UNTITLED = "{name: untitled, flags: [{name: nameless, where: title IS NULL}]}"
UNASKED = "{name: unasked, flags: [{name: poor, where: sentiment.score < 0.5}]}"

# n_words, upper_ratio (None: it has no meaning for the text), language, topic
PAGES = [
    (3, 0.9, "en", "Music"),
    (4, 0.1, "fr", "Music"),
    (9, 0.6, "en", "Food"),
    (12, 0.7, "en", "Food"),
    (11, None, "en", "Food"),
    (30, 0.0, "en", "Music"),
    (40, 0.0, "de", "Music"),
]
UNTOLD = 7  # a page that nobody has annotated


def page(n: int) -> dict[str, Any]:
    place = {"warc_file": "a.warc.gz", "warc_offset": 100 * n, "warc_length": 100, "record_type": "response"}
    at = {"url": f"http://{'ab'[n % 2]}.example/{n}", "host": f"{'ab'[n % 2]}.example", "text": f"text {n}"}
    return {"page_id": f"{n:032}", "crawl": CRAWL, "batch": BATCH, "text_digest": f"{n:032}", **place, **at}


def annotation(n: int) -> dict[str, Any]:
    n_words, upper, language, topic = PAGES[n]
    said = {"language": (language, 0.9), "topic": (topic, 1, 0.9, "b", 0.1), "n_tokens": 10}
    measures = {"text_measures": (n_words, 1, 1, 1, 4.0, 0.9, 0.0, 0.0, upper, 0.5)}
    key = {name: value for name, value in page(n).items() if name in ("page_id", "crawl", "batch", "text_digest")}
    return {**key, **said, **measures, "annotators": {"text": "1"}}


def presets_in(folder: Path, *yamls: str) -> None:
    (folder / "conf" / "flags").mkdir(parents=True, exist_ok=True)
    for text in yamls:
        name = text.split("name: ")[1].split(",")[0].split("\n")[0]
        (folder / "conf" / "flags" / f"{name}.yaml").write_text(text)


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("flags")
    presets_in(folder, STRICT, LAX, OWN, UNASKED, BROKEN)
    lake = Lake.open(spark, str(folder / "lake"), create=True)
    claim = {"crawl": CRAWL, "batch": BATCH, "status": "published", "claimed_by": "r", "claimed_at": BEGAN}
    write(lake, "files", {**claim, "uri": "/a", "warc_file": "a.warc.gz", "size_bytes": 700})
    write(lake, "pages", *map(page, range(len(PAGES))))
    write(lake, "annotations", *map(annotation, range(len(PAGES))))
    write(lake, "duplicates", *(duplicate(page(n), 1, 1) for n in range(len(PAGES))))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield lake


def counts(rows: list[Any]) -> dict[str, tuple[int, ...]]:
    return {row["flag"]: (row["n_pages"], row["n_first_pages"], row["n_only_pages"]) for row in rows}


def test_documents_show_measures_and_flags_side_by_side(lake: Lake) -> None:
    rows = lake.sql("SELECT text_measures.n_words AS n, text_measures.too_short AS short FROM documents").collect()

    assert sorted(map(tuple, rows)) == sorted((n, n < 10) for n, *_ in PAGES)


def test_a_measure_without_meaning_flags_nothing(lake: Lake) -> None:
    row = lake.sql("SELECT strict.* FROM documents WHERE text_measures.n_words = 11").collect()[0]

    assert row.asDict() == {"too_short": False, "shouting": False, "foreign": False, "flagged": False}


def test_a_page_that_nobody_annotated_is_neither_flagged_nor_free_of_flags(spark: SparkSession, lake: Lake) -> None:
    other = Lake.open(spark, f"{lake.location}-untold", create=True)
    claim = {"crawl": CRAWL, "batch": BATCH, "status": "published", "claimed_by": "r", "claimed_at": BEGAN}
    write(other, "files", {**claim, "uri": "/a", "warc_file": "a.warc.gz", "size_bytes": 700})
    write(other, "pages", page(UNTOLD))

    row = other.sql("SELECT strict.flagged, strict.too_short, page_id FROM documents").collect()[0]

    assert tuple(row) == (None, None, f"{UNTOLD:032}")


def test_a_funnel_counts_what_each_flag_drops_alone_first_and_only_it(lake: Lake) -> None:
    rows = funnel(lake, [lake.views.presets.named("strict")]).collect()

    assert counts(rows) == {
        "too_short": (3, 3, 0),  # each of the three has another flag too
        "shouting": (3, 1, 1),
        "foreign": (2, 1, 1),
        "(kept)": (2, 0, 0),
    }
    assert sum(row["n_first_pages"] for row in rows) + rows[-1]["n_pages"] == len(PAGES)


def test_a_funnel_by_topic_adds_up_to_that_of_all(lake: Lake) -> None:
    strict = lake.views.presets.named("strict")

    rows = funnel(lake, [strict], by="topic").collect()

    assert counts([row for row in rows if row["value"] == "Food"]) == {
        "too_short": (1, 1, 0), "shouting": (2, 1, 1), "(kept)": (1, 0, 0),
    }  # fmt: skip
    assert sum(row["n_pages"] for row in rows if row["flag"] == "foreign") == 2


def test_the_view_of_funnels_has_every_preset_and_dimension(lake: Lake) -> None:
    rows = lake.sql("SELECT DISTINCT preset, `by` FROM flag_funnel").collect()

    by = {"all", "language", "topic", "format", "host"}
    assert {tuple(row) for row in rows} == {(p, d) for p in ("strict", "lax", "text_measures") for d in by}


def test_an_unknown_dimension_is_refused(lake: Lake) -> None:
    with pytest.raises(UsageError, match=r"--by topics .*did you mean 'topic'"):
        funnel(lake, [lake.views.presets.named("strict")], by="topics")


def test_a_preset_that_is_no_sql_hinders_nobody_else_and_says_what_spark_says(lake: Lake) -> None:
    assert lake.table("corpus").count() == len(PAGES)
    with pytest.raises(UsageError, match=r"flag broken\.odd: \[PARSE_SYNTAX_ERROR\]"):
        lake.views.presets.named("broken")


def test_a_column_of_the_page_that_is_null_can_be_a_reason(lake: Lake) -> None:
    presets_in(Path.cwd(), UNTITLED)

    [row] = samples(lake, [lake.views.presets.named("untitled")], 1).where("flag = 'nameless'").collect()

    (Path.cwd() / "conf" / "flags" / "untitled.yaml").unlink()
    assert row["is_flagged"] is True


def test_samples_lie_on_both_sides_of_a_threshold_nearest_first(lake: Lake) -> None:
    rows = samples(lake, [lake.views.presets.named("strict")], 2).collect()

    short = [(row["is_flagged"], row["measure"]) for row in rows if row["flag"] == "too_short"]
    assert short == [(False, 11.0), (False, 12.0), (True, 9.0), (True, 4.0)]
    assert {row["measure"] for row in rows if row["flag"] == "shouting"} == {0.1, 0.0, 0.6, 0.7}  # not the NULL one
    assert [row["measure"] for row in rows if row["flag"] == "foreign"] == [None] * 4
    assert all(row["excerpt"].startswith("text ") for row in rows)


def test_two_presets_are_compared_page_by_page(lake: Lake) -> None:
    presets = lake.views.presets

    rows = compared(lake, presets.named("strict"), presets.named("lax")).collect()

    assert {(row["kept_by"], row["dropped_by"]): row["n_pages"] for row in rows} == {
        ("both", "(all)"): 2,
        ("neither", "(all)"): 2,
        ("lax", "(all)"): 3,
        ("lax", "strict.too_short"): 1,
        ("lax", "strict.shouting"): 2,
        ("lax", "strict.foreign"): 1,
    }


def spec(where: str, **changes: Any) -> MixtureSpec:
    values = {"name": "m", "strata": ["topic.label"], "strategy": "natural", "token_budget": 1000, "where": where}
    return parse_conf(values | {"order": {"pick": "random"}} | changes, MixtureSpec, where="test")


def test_a_mixture_leaves_flagged_pages_out(lake: Lake) -> None:
    kept = make_plan(lake, spec("NOT strict.flagged"))

    assert {quota.stratum: quota.available_pages for quota in kept.quotas} == {"Food": 1, "Music": 1}


def test_another_threshold_makes_another_version_and_the_plan_says_which(lake: Lake) -> None:
    folder = Path.cwd()
    first, again = mix(lake, spec("NOT strict.too_short")), mix(lake, spec("NOT strict.too_short"))
    presets_in(folder, STRICT.replace("< 10", "< 12"))

    second = mix(lake, spec("NOT strict.too_short"))

    presets_in(folder, STRICT)
    assert (first.version, again.version, again.is_new, second.version) == (1, 1, False, 2)
    assert "n_words < 12" in second.plan[0]["spec"]


def test_strata_cannot_be_flags(lake: Lake) -> None:
    with pytest.raises(ConfigError, match=r"strict\.flagged is a flag"):
        make_plan(lake, spec("true", strata=["strict.flagged"]))


def test_a_mixture_over_flags_that_cannot_be_told_says_what_to_do(lake: Lake) -> None:
    with pytest.raises(UsageError, match="no annotator has given sentiment"):
        make_plan(lake, spec("NOT unasked.poor"))


def test_a_report_has_a_row_for_each_flag_with_pages_near_its_threshold(lake: Lake) -> None:
    [lax, strict, _] = collect_presets(lake, [CRAWL])

    assert (lax.preset, lax.kept_pages, lax.n_pages) == ("lax", 5, 7)
    assert next((row.flag, row.n_pages, row.n_only_pages) for row in strict.flags) == ("too_short", 3, 0)
    assert {(near.is_flagged, near.measure) for near in strict.flags[0].near} == {(False, 11.0), (True, 9.0)}


def annotators() -> list[Annotator]:
    conf = {"annotators": [{"name": "language", "kind": "language"}, {"name": "text", "kind": "measures"}]}
    return load_annotators(parse_conf(conf, AnnotatorsConf, where="test"))


@pytest.mark.parametrize("name", [f"{0:032}", "http://a.example/0"])
def test_a_page_is_explained_by_its_id_or_its_url(lake: Lake, name: str) -> None:
    found = explain_page(lake, name, annotators())

    said = {(item.column, item.field): (item.value, item.meaning) for item in found.said}
    assert said["text_measures", "n_words"] == (3, "words, as whitespace separates them")
    flags = {flag.flag: (flag.is_true, flag.measure) for flag in found.flags_of("strict")}
    assert flags == {"too_short": (True, 3.0), "shouting": (True, 0.9), "foreign": (False, None)}
    assert found.facts["same text (exact)"] == "rank 1 of 1"
    assert "sentiment" in found.lacking["unasked"]


def test_an_explanation_names_the_mixtures_that_hold_the_page(lake: Lake) -> None:
    mix(lake, spec("NOT strict.flagged", name="held"))

    held = explain_page(lake, f"{5:032}").mixtures

    assert [(m.mixture, m.stratum) for m in held if m.mixture == "held"] == [("held", "Music")]


def test_a_page_that_is_not_there_is_an_error(lake: Lake) -> None:
    with pytest.raises(MissingInputError, match="no page of url"):
        explain_page(lake, "http://nowhere.example/")


def test_a_file_is_explained_without_a_lake(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<title>T</title><p>There are nine words of English in this text.</p><script>x</script>")

    found = explain_file(lake.spark, file, annotators())

    flags = {flag.flag: flag.is_true for flag in found.flags_of("strict")}
    assert flags == {"too_short": True, "shouting": False, "foreign": False}


def test_a_file_is_explained_by_all_that_ships(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no presets but ours
    (tmp_path / "a.txt").write_text("The harbour was quiet. Nobody spoke of it, and that was what we liked to have.\n")

    found = explain_file(lake.spark, tmp_path / "a.txt", find_annotators(), "https://github.com/x")

    assert {"gopher", "dclm", "fineweb", "refinedweb"} <= set(found.presets)
    told = {flag.flag: flag for flag in found.flags_of("refinedweb")}
    assert told["in_curated_sources"].is_true is True  # by the URL that it is said to have
    assert told["banned_domain"].is_true is None
    assert told["too_short"].where == "dclm.n_words < 50"


def test_a_file_without_text_is_refused(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("  \n")

    with pytest.raises(UsageError, match="holds no text"):
        explain_file(lake.spark, tmp_path / "empty.txt", annotators())


def test_an_explanation_as_html_escapes_what_the_page_says(lake: Lake) -> None:
    html = render(explain_page(lake, f"{0:032}", annotators()))

    assert "flagged" in html
    assert "language.label &lt;&gt; &#39;en&#39;" in html


@pytest.fixture
def on_the_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a verb have the lake of these tests, whose session outlives it."""
    monkeypatch.setattr(questions, "lent_lake", lambda _: nullcontext(lake))


def run(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert main([*args]) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("on_the_lake")
def test_the_command_shows_funnels_samples_and_comparisons(capsys: pytest.CaptureFixture[str]) -> None:
    form = ("--format", "csv")

    assert "C,en,1,too_short,2," in run(capsys, "funnel", "strict", "--by", "language", *form).replace(CRAWL, "C")
    assert "too_short,text_measures.n_words < 10,True,9.0" in run(capsys, "funnel", "strict", "--samples", "1", *form)
    assert "lax,strict.shouting,2," in run(capsys, "funnel", "strict", "--against", "lax", *form)


@pytest.mark.usefixtures("on_the_lake")
def test_the_command_explains_a_page_on_the_terminal_and_as_html(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = run(capsys, "explain", f"{0:032}", "--html", str(tmp_path / "p.html"))

    assert "2 of 3 speak against the page" in printed
    assert "FLAGGED" in printed
    assert "too short" in (tmp_path / "p.html").read_text()
