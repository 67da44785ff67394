"""The report: it says what the figures say, as HTML and on a terminal, whatever strings a crawl put into them."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from etl.report import charts, human
from etl.report.crosstab import crosstab
from etl.report.data import (
    CellCount,
    FaultRow,
    FunnelStep,
    GapRow,
    LanguageCount,
    PlanRow,
    QualityBin,
    Reason,
    ReportData,
    RunRow,
    unexplained,
)
from etl.report.html import render
from etl.report.terminal import print_report
from tests.report_sample import HOSTILE_URL, SECTIONS, run_sample, sample

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>[red]{{ 7*7 }}\x1b[2J\r\n\N{RIGHT-TO-LEFT OVERRIDE}'


class _Page(HTMLParser):
    """Collects the tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def evil_report() -> ReportData:
    """Return a report with a hostile string in every place that takes one."""
    return ReportData(
        title=EVIL,
        subtitle=EVIL,
        lake=EVIL,
        created_at=NOW,
        funnel=[FunnelStep(EVIL, 3), FunnelStep("pages", 1, 5, [Reason(EVIL, 2, is_expected=False)])],
        cells=[CellCount(EVIL, EVIL, 3, 5)],
        languages=[LanguageCount(EVIL, 3, 5)],
        quality=[QualityBin(0, 1, 3, 1)],
        plan=[PlanRow(EVIL, 1, 10, 8, 8, 8, 1, 1, is_short=True)],
        token_budget=10,
        faults=[FaultRow(EVIL, False, 1, EVIL, EVIL, 7)],
        gaps=[GapRow(EVIL, 1, 2, EVIL)],
        runs=[RunRow(EVIL, EVIL, 1, 1, 2.0, NOW)],
        identity={EVIL: EVIL},
        spec_yaml=EVIL,
    )


def printed(data: ReportData, width: int = 100) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"), force_terminal=True)  # noqa: SIM115, PTH123
    print_report(data, console)
    return console.export_text()


def test_a_report_has_all_its_sections_in_one_file() -> None:
    html = render(sample())
    assert [f'<section id="{name}"' in html for name in SECTIONS] == [True] * len(SECTIONS)


def test_a_report_without_a_mixture_has_no_plan() -> None:
    assert 'id="plan"' not in render(run_sample())
    assert "Plan and mixture" not in printed(run_sample())


def test_a_report_of_an_empty_lake_says_so() -> None:
    empty = ReportData(title="empty", lake="/lake", created_at=NOW, funnel=[])
    assert "Nothing has been read yet" in render(empty)
    printed(empty)


def test_nothing_in_a_report_is_remote_or_a_script() -> None:
    html = render(sample())
    page = _Page(html)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "srcset", "style"}]
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_allows_the_style_sheet_and_nothing_else() -> None:
    html = render(sample())
    style = re.search("<style>(.*)</style>", html, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in html


def test_hostile_strings_are_text_wherever_they_stand() -> None:
    html = render(evil_report())
    assert not _Page(html).tags & {"script", "img"}
    assert "<script" not in html
    assert "49" not in html
    assert not [c for c in html if c in "\x1b\r\N{RIGHT-TO-LEFT OVERRIDE}"]


def test_hostile_strings_move_no_cursor_and_set_no_style_on_a_terminal() -> None:
    text = printed(evil_report(), 400)
    assert "\x1b" not in text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
    assert "[red]" in text


def test_a_long_url_is_cut() -> None:
    html = render(sample())
    assert "https://example.org/?" in html
    assert "A" * (human.MAX_CHARS + 1) not in html


@given(st.text(max_size=1000))
def test_a_cleaned_string_is_short_and_its_characters_are_seen(text: str) -> None:
    cleaned = human.clean(text)
    assert len(cleaned) <= human.MAX_CHARS
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", cleaned)


def test_a_spec_keeps_its_lines() -> None:
    assert "token_budget: 120_000_000\nwhere:" in _Page(render(sample())).text


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (human.count(12_345), "12,345"),
        (human.count(999_999), "999,999"),
        (human.count(1_234_567), "1.23 M"),
        (human.count(9_999_999_999), "10.0 B"),
        (human.count(None), "–"),
        (human.short(345), "345"),
        (human.short(999), "999"),
        (human.short(1_234), "1.2k"),
        (human.short(999_700), "1.0M"),
        (human.count(999_999_999), "1.00 B"),
        (human.size(0), "0 B"),
        (human.size(999_999), "1.00 MB"),
        (human.size(27_913_004_113), "27.9 GB"),
        (human.share(1, 3), "33.3 %"),
        (human.share(1, 1_000_000), "< 0.1 %"),
        (human.share(0, 0), "–"),
        (human.duration(4.21), "4.2 s"),
        (human.duration(200), "3 min 20 s"),
        (human.duration(7_500), "2 h 5 min"),
        (human.plural(1, "page"), "1 page"),
        (human.rate(842.3), "842/s"),
        (human.moment(NOW), "2026-01-02 03:04 UTC"),
    ],
)
def test_numbers_read_as_people_write_them(shown: str, expected: str) -> None:
    assert shown.replace("\N{NARROW NO-BREAK SPACE}", " ") == expected


@given(st.integers(0, 10**14))
def test_a_short_number_fits_a_cell_of_the_heat_map(n: int) -> None:
    assert len(human.short(n)) <= 5


def test_rows_without_a_reason_are_pointed_out() -> None:
    funnel = [FunnelStep("pages", 10), FunnelStep("documents", 6, None, [Reason("redirect", 3)])]
    data = ReportData(title="x", lake="/lake", created_at=NOW, funnel=funnel)
    assert unexplained(funnel) == 1
    assert "1 row without a reason" in render(data)
    assert "1 row without a reason" in printed(data)


def test_broken_pages_are_named_before_expected_ones_and_by_a_word() -> None:
    reasons = [Reason("redirect", 9), Reason("damaged_record", 1, is_expected=False)]
    [_, bar] = charts.funnel_bars([FunnelStep("pages", 10), FunnelStep("documents", 0, None, reasons)])
    assert [r.name for r in bar.reasons] == ["damaged_record", "redirect"]
    assert "damaged record 41 (broken)" in printed(sample(), 200)


def test_a_stratum_that_is_short_is_flagged_in_words() -> None:
    row = PlanRow("health", 0.5, 1_000, 500, 800, 812, 9, 1.6, is_short=True)
    data = replace(sample(), plan=[row], token_budget=2_000)
    assert "short by 188 (18.8\N{NARROW NO-BREAK SPACE}%)" in render(data)
    assert "188 or 18.8\N{NARROW NO-BREAK SPACE}%" in printed(data)
    assert "1 of 1 strata are short" in printed(data)


def test_a_short_stratum_ends_before_its_marker_and_the_others_after_theirs() -> None:
    plan = [
        PlanRow("plenty", 0.5, 50, 900, 70, 70, 7, 0.1, is_short=False),
        PlanRow("scarce", 0.5, 50, 30, 30, 30, 3, 1.0, is_short=True),
    ]
    plenty, scarce = charts.plan_bars(plan, 100)
    assert plenty.taken > plenty.wanted
    assert scarce.taken < scarce.wanted


def test_the_heat_map_has_only_topics_and_formats_that_occur_the_biggest_first() -> None:
    cells = [CellCount("a", "x", 1, 10), CellCount("b", "x", 5, 10), CellCount("c", "y", 0, 0)]
    table = crosstab(cells)
    assert (table.topics, table.formats) == (["b", "a"], ["x"])
    assert (table.n_documents, table.n_tokens) == (6, 20)


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=50))
def test_more_documents_are_never_a_lighter_shade(counts: list[int]) -> None:
    scale = charts.shades(counts)
    shades = [charts.shade(n, scale) for n in sorted(counts)]
    assert shades == sorted(shades)
    assert shades[-1] == charts.N_SHADES
    assert shades[0] >= 1


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=40))
def test_no_bar_of_the_histogram_leaves_the_plot(counts: list[tuple[int, int]]) -> None:
    n = len(counts)
    bins = [QualityBin(i / n, (i + 1) / n, *pair) for i, pair in enumerate(counts)]
    chart = charts.histogram(bins)
    assert all(b.corpus_height <= 100.0001 and (b.mixture_height or 0) <= 100.0001 for b in chart.bars)
    assert len(chart.gridlines) <= 8


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_the_printed_report_fits_its_terminal(width: int) -> None:
    assert max(map(len, printed(sample(), width).splitlines())) <= width


def test_the_same_figures_give_the_same_bytes() -> None:
    assert render(sample()) == render(sample())


def test_the_sample_is_hostile_enough_to_look_at() -> None:
    assert "<script>" in HOSTILE_URL
    assert len(HOSTILE_URL) > human.MAX_CHARS
