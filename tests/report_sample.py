"""Figures such as a small crawl gives, for the tests of the report: the same `ReportData` every time."""

import random
from dataclasses import replace
from datetime import UTC, datetime

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
    Totals,
)

TOPICS = """
    Adult|Art & Design|Software Development|Crime & Law|Education & Jobs|Hardware|Entertainment|Social Life
    Fashion & Beauty|Finance & Business|Food & Dining|Games|Health|History|Home & Hobbies|Industrial
    Literature|Politics|Religion|Science & Technology|Software|Sports & Fitness|Transportation|Travel"""
FORMATS = """
    Academic Writing|Content Listing|Creative Writing|Customer Support|Comment Section|FAQ|Truncated
    Knowledge Article|Legal Notices|Listicle|News Article|Nonfiction Writing|About Page (Organization)
    News (Organization)|About Page (Personal)|Personal Blog|Product Page|Q&A Forum|Spam / Ads|Structured Data
    Documentation|Audio Transcript|Tutorial|User Review"""
LANGUAGES = "en|ru|de|ja|zh|es|fr|it|pt|nl|pl|tr|cs|vi|id|ar|fa|sv|ko|el|hu|uk|ro|da"
SEGMENT = "crawl-data/CC-MAIN-2025-05/segments/1736703361941.29/warc"
WARC = SEGMENT + "/CC-MAIN-20250112074151-20250112104151-00{:03}.warc.gz"
BUDGET = 120_000_000
HOSTILE_URL = (
    'https://example.org/?q="><script>alert(1)</script>\r\n\x1b[31mred\N{RIGHT-TO-LEFT OVERRIDE}&x=' + "A" * 600
)
SPEC = """\
mixture: web_en
seed: 17
token_budget: 120_000_000
where: language.label = 'en' AND language.score >= 0.65
strata: [topic.label]
weights:
  Science & Technology: 3
  Education & Jobs: 2   # <b>not bold</b>
quality: {order: gumbel, temperature: 0.5}
max_epochs: 4
"""
SECTIONS = ("funnel", "plan", "strata", "languages", "quality", "faults", "runs", "identity")


def sample() -> ReportData:
    """Return the report of a mixture over some two million records."""
    chance = random.Random(5)
    n_ranked = 512_204
    return ReportData(
        title="web_en, version 3",
        subtitle="A mixture of 120 million tokens in 23 strata, from 24 batches of CC-MAIN-2025-05.",
        lake="s3://acme-research/webstrata/main",
        created_at=datetime(2025, 11, 21, 16, 48, tzinfo=UTC),
        funnel=_funnel(n_ranked),
        cells=_cells(chance, n_ranked),
        languages=_languages(n_ranked),
        quality=_quality(n_ranked, 171_390),
        plan=_plan(chance),
        token_budget=BUDGET,
        faults=_faults(),
        gaps=[
            GapRow("zero_fill", 3, 196_608, f"{WARC.format(12)}:88123004"),
            GapRow("broken_member", 2, 41_120, f"{WARC.format(7)}:401288"),
        ],
        runs=_runs(),
        totals=Totals(n_files=24, n_unreadable_files=1, n_bytes=27_913_004_113),
        identity=_identity(),
        spec_yaml=SPEC,
    )


def run_sample() -> ReportData:
    """Return the report of a lake that has no mixture yet."""
    whole = sample()
    return replace(
        whole,
        title="CC-MAIN-2025-05",
        subtitle="24 batches, annotated with 6 annotators.",
        funnel=whole.funnel[:-1],
        quality=[replace(b, n_mixture=None) for b in whole.quality],
        plan=(),
        gaps=(),
        spec_yaml=None,
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.strip().replace("\n", "|").split("|")]


def _funnel(n_ranked: int) -> list[FunnelStep]:
    faults = _faults()
    n_faults = sum(f.n_pages for f in faults)
    n_documents, n_pages = 640_118, 640_118 + n_faults
    not_pages = [Reason("request", n_pages), Reason("metadata", n_pages - 40), Reason("warcinfo", 24)]
    n_mixture = 171_390
    left_out = [
        Reason("where_does_not_hold", 287_551),
        Reason("too_short", 12_840),
        Reason("over_its_quota", n_ranked - n_mixture - 287_551 - 12_840),
    ]
    return [
        FunnelStep("records", n_pages + sum(r.n_rows for r in not_pages)),
        FunnelStep("pages", n_pages, None, not_pages),
        FunnelStep(
            "documents",
            n_documents,
            588_120_554,
            [Reason(f.fault, f.n_pages, f.is_expected) for f in faults],
        ),
        FunnelStep("first-ranked", n_ranked, 471_233_902, [Reason("same_text", n_documents - n_ranked)]),
        FunnelStep("mixture", n_mixture, 120_004_876, left_out),
    ]


def _cells(chance: random.Random, n_documents: int) -> list[CellCount]:
    topics = {topic: chance.lognormvariate(0, 0.7) for topic in _names(TOPICS)}
    formats = {format_: chance.lognormvariate(0, 1.1) for format_ in _names(FORMATS)}
    pairs = [(t, f) for t in topics for f in formats]
    weights = {(t, f): topics[t] * formats[f] * chance.lognormvariate(0, 0.8) for t, f in pairs}
    whole = sum(weights.values())
    return [
        CellCount(t, f, n, n * chance.randint(300, 1400))
        for (t, f), weight in weights.items()
        if (n := int(weight / whole * n_documents)) > 8
    ]


def _languages(n_documents: int) -> list[LanguageCount]:
    shares = [0.437, *(0.28 / (i + 1.6) ** 1.25 for i in range(1, len(_names(LANGUAGES))))]
    return [
        LanguageCount(label, n := int(share * n_documents), n * 920)
        for label, share in zip(_names(LANGUAGES), shares, strict=True)
    ]


def _quality(n_corpus: int, n_mixture: int) -> list[QualityBin]:
    corpus = [(i + 0.6) ** 1.1 * (20.2 - i) ** 2.9 for i in range(20)]
    mixture = [(i + 0.2) ** 3.2 * (20.4 - i) ** 2.1 for i in range(20)]
    return [
        QualityBin(i / 20, (i + 1) / 20, int(n_corpus * c / sum(corpus)), int(n_mixture * m / sum(mixture)))
        for i, (c, m) in enumerate(zip(corpus, mixture, strict=True))
    ]


def _plan(chance: random.Random) -> list[PlanRow]:
    """Return strata of which some are short; the others share what those lack."""
    weights = {topic: chance.lognormvariate(0, 0.55) for topic in _names(TOPICS)[1:]}
    wanted = {topic: int(weight / sum(weights.values()) * BUDGET) for topic, weight in weights.items()}
    caps = {topic: int(n * 2.2 * chance.lognormvariate(0, 0.8)) for topic, n in wanted.items()}
    got = {topic: min(n, caps[topic]) for topic, n in wanted.items()}
    spare = (BUDGET - sum(got.values())) / sum(n for topic, n in wanted.items() if n == got[topic])
    return [
        _stratum(topic, n, caps[topic], got[topic] if got[topic] < n else int(n * (1 + spare)))
        for topic, n in wanted.items()
    ]


def _stratum(topic: str, wanted: int, cap: int, quota: int) -> PlanRow:
    return PlanRow(
        stratum=topic,
        share=wanted / BUDGET,
        wanted_tokens=wanted,
        available_tokens=cap * 3 // 4,
        target_tokens=quota,
        taken_tokens=quota + 212,
        n_pages=quota // 780,
        epochs=quota / (cap * 3 // 4),
        is_short=quota < wanted,
        limited_by="max_epochs" if quota < wanted else None,
    )


def _faults() -> list[FaultRow]:
    return [
        FaultRow("redirect", True, 61_240, "http://www.example.com/old", WARC.format(3), 20_411),
        FaultRow("http_error", True, 30_122, "https://shop.example/gone?id=7", WARC.format(3), 99_120),
        FaultRow("not_text", True, 18_033, "https://cdn.example/manual.pdf", WARC.format(9), 5_120_004),
        FaultRow("no_main_text", True, 9_410, "https://example.net/gallery/", WARC.format(11), 18_222),
        FaultRow("empty_body", True, 1_204, "https://пример.рф/пусто", WARC.format(0), 771),
        FaultRow("revisit", True, 377, "https://example.org/robots", WARC.format(0), 1_771),
        FaultRow("damaged_record", False, 41, HOSTILE_URL, WARC.format(12), 88_123_004),
        FaultRow("bad_content_coding", False, 12, "https://example.edu/br", WARC.format(7), 401_288),
        FaultRow("too_large", False, 3, "https://example.edu/dump.html", WARC.format(7), 9_401_288),
    ]


def _runs() -> list[RunRow]:
    scope = "CC-MAIN-2025-05, batches 0 to 23"
    hours = [datetime(2025, 11, 21, hour, 5, tzinfo=UTC) for hour in (9, 11, 14, 16)]
    return [
        RunRow("ingest", scope, 760_560, 760_560, 1_514.2, hours[0]),
        RunRow("annotate", scope, 640_118, 640_118, 4_004.0, hours[1]),
        RunRow("deduplicate", scope, 640_118, 640_118, 48.1, hours[2]),
        RunRow("mix", "web_en, version 3", 512_204, 171_390, 33.7, hours[3]),
    ]


def _identity() -> dict[str, str]:
    return {
        "spec_digest": "b3f1c07e91d24a5f8c1e0a9d77f0c2aa",
        "seed": "17",
        "inputs": "CC-MAIN-2025-05, 24 batches, content 9f02ac11e0d37c55b1a2c3d4e5f60718",
        "extractor": "resiliparse 2.0.1, reader 1",
        "language": "lid.176.ftz, 8f3472cfe8738a7b6099e8e999c3cbfa",
        "topic": "topic-small 1, 4d1c2f0b7be94c41a10c3377e6a8d2b4",
        "quality": "quality-small 1, 0b6e63c1d2f84f70ae4c54d1f6a9e7c8",
        "tokenizer": "bpe-32k, 77aa10e44c9b4e9f9d0e5c2b1a3f6d80",
    }
