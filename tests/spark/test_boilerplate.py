"""Lines that the pages of a host share: which ones they are, and what pages say without them."""

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from etl.local_rows import local_rows
from etl.steps.boilerplate import boilerplate_lines, without_boilerplate

MENU, RARE = "Home | About | Contact", "Only some pages say this."


def documents(spark: SparkSession, texts: dict[str, list[str]]) -> DataFrame:
    """Return a document for each text of each host; the host "" stands for none."""
    rows = [
        {"page_id": f"{host}/{i}", "host": host or None, "text": text}
        for host, pages in texts.items()
        for i, text in enumerate(pages)
    ]
    return local_rows(spark, rows, "page_id STRING, host STRING, text STRING")


@pytest.fixture(scope="module")
def pages(spark: SparkSession) -> DataFrame:
    """A host with a menu on 5 of its 6 pages, one too small to tell, and pages without a host."""
    menu = [f"{MENU}\nStory {i}.\n\n  {MENU}\t\nThe end of {i}." for i in range(4)]
    return documents(
        spark,
        {
            "a.example": [*menu, f"{MENU}\r\n{RARE}", f"{RARE}\nAnother story."],
            "small.example": [f"{MENU}\nStory {i}." for i in range(3)],
            "": [MENU] * 5,
        },
    )


def test_a_line_on_enough_pages_of_a_host_is_found_once_however_often_a_page_says_it(pages: DataFrame) -> None:
    found = boilerplate_lines(pages, min_pages=4, min_share=0.5).collect()

    assert [(row["host"], row["line"], row["n_pages"], row["n_host_pages"]) for row in found] == [
        ("a.example", MENU, 5, 6)
    ]


@pytest.mark.parametrize(
    ("min_pages", "min_share", "found"),
    [(2, 0.3, {MENU, RARE}), (2, 0.34, {MENU}), (5, 5 / 6, {MENU}), (5, 0.84, set()), (6, 0.1, set())],
)
def test_both_the_pages_and_their_share_must_be_reached(
    pages: DataFrame, min_pages: int, min_share: float, found: set[str]
) -> None:
    lines = boilerplate_lines(pages.where("host = 'a.example'"), min_pages, min_share)

    assert {row["line"] for row in lines.collect()} == found


def test_pages_are_left_with_what_their_own_host_does_not_repeat(pages: DataFrame) -> None:
    lines = boilerplate_lines(pages, min_pages=4)

    rest = {row["page_id"]: row for row in without_boilerplate(pages, lines).collect()}

    assert len(rest) == pages.count()
    assert rest["a.example/0"]["edited_text"] == "Story 0.\n\nThe end of 0."
    assert rest["a.example/0"]["n_lines_removed"] == 2
    removed = 2 * len(MENU) + len("\n  \t\n")
    assert rest["a.example/0"]["removed_char_ratio"] == round(removed / len(rest["a.example/0"]["text"]), 6)
    assert rest["a.example/4"]["edited_text"] == RARE
    for page_id in ("a.example/5", "small.example/0", "/0"):
        assert rest[page_id]["edited_text"] == rest[page_id]["text"]
        assert (rest[page_id]["n_lines_removed"], rest[page_id]["removed_char_ratio"]) == (0, 0)


def test_of_many_lines_those_on_most_pages_are_kept(spark: SparkSession) -> None:
    texts = ["\n".join(f"line {j}" for j in range(10) if i < 10 - j // 2) for i in range(10)]
    lines = boilerplate_lines(documents(spark, {"a.example": texts}), min_pages=2, max_lines=3)

    assert sorted(row["n_pages"] for row in lines.collect()) == [9, 10, 10]


def test_the_answer_is_the_same_on_any_number_of_partitions(pages: DataFrame) -> None:
    answers = [
        sorted(map(tuple, boilerplate_lines(pages.repartition(n, F.rand(n)), min_pages=2, min_share=0.3).collect()))
        for n in (1, 7)
    ]

    assert answers[0] == answers[1] != []
