import gzip
import threading
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from etl import ledger
from etl.jobs.ingest import IngestOptions, ingest
from etl.lake import Lake
from etl.naming import find_warc_files
from tests.servers import Behaviour, serve
from tests.spark.lakes import crawl_name, html, pages_in, some_files, write_crawl
from tests.unit.warc_builder import plain, record, warc_records
from udfs.errors import LakeError, MissingInputError, UsageError


class KilledError(Exception):
    """What stands for a SIGKILL between two steps."""


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("crawl"), some_files(4))


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake.open(spark, str(tmp_path_factory.mktemp("lake")), create=True)


@pytest.fixture(scope="module")
def undisturbed(lake: Lake, crawl: Path) -> list[tuple[object, ...]]:
    ingest(lake, [str(crawl)], IngestOptions("UNDISTURBED", files_per_batch=2))
    return pages_in(lake, "UNDISTURBED")


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return crawl_name(request)


def files_of(lake: Lake, name: str) -> list[Row]:
    return lake.table("files").where(f"crawl = '{name}'").collect()


def test_every_page_becomes_a_row_and_every_byte_is_accounted_for(
    lake: Lake, name: str, crawl: Path, undisturbed: list[tuple[object, ...]]
) -> None:
    result = ingest(lake, [str(crawl)], IngestOptions(name))

    assert (result.n_files, result.n_files_read, result.n_pages, result.n_documents) == (4, 4, 12, 12)
    assert pages_in(lake, name) == undisturbed
    for row in files_of(lake, name):
        assert row["status"] == "published"
        assert sum(row["n_bytes"].values()) == row["size_bytes"] == (crawl / row["warc_file"]).stat().st_size
        assert row["n_records"]["response"] == row["n_pages"] == 3


def test_a_rerun_reads_nothing_and_changes_nothing(lake: Lake, name: str, crawl: Path) -> None:
    ingest(lake, [str(crawl)], IngestOptions(name))
    version = lake.version("pages")

    again = ingest(lake, [str(crawl)], IngestOptions(name))

    assert again.n_files_read == 0
    assert lake.version("pages") == version


def test_only_new_files_are_read_and_a_known_file_keeps_its_name(lake: Lake, name: str, crawl: Path) -> None:
    ingest(lake, [str(crawl)], IngestOptions(name))
    write_crawl(crawl.parent / "more", {"part-99.warc.gz": {"https://new.example/": html("Something new " * 20)}})

    # From here the names would count from the parent of both folders.
    result = ingest(lake, [str(crawl), str(crawl.parent / "more")], IngestOptions(name))

    assert result.n_files_read == 1
    names = {row["warc_file"] for row in files_of(lake, name)}
    assert names == {*(f"part-{i:02d}.warc.gz" for i in range(4)), "more/part-99.warc.gz"}


@pytest.mark.parametrize("moment", ["claimed", "read", "written", "published"])
def test_a_run_killed_at_any_moment_and_run_again_gives_the_rows_of_one_undisturbed_run(
    lake: Lake, name: str, crawl: Path, undisturbed: list[tuple[object, ...]], moment: str
) -> None:
    def kill(at: str, batch: str) -> None:
        if at == moment:
            raise KilledError

    with pytest.raises(KilledError):
        ingest(lake, [str(crawl)], IngestOptions(name, files_per_batch=2, hook=kill))
    seen_meanwhile = lake.table("documents").where(f"crawl = '{name}'").count()
    ingest(lake, [str(crawl)], IngestOptions(name, files_per_batch=2))

    assert seen_meanwhile in (0, 6)  # a batch is seen whole or not at all
    assert pages_in(lake, name) == undisturbed
    assert {row["status"] for row in files_of(lake, name)} == {"published"}


def test_two_drivers_with_overlapping_lists_give_the_rows_of_one(
    lake: Lake, name: str, crawl: Path, undisturbed: list[tuple[object, ...]]
) -> None:
    paths = sorted(str(path) for path in crawl.glob("part-0?.warc.gz"))
    barrier = threading.Barrier(2)
    errors: list[BaseException] = []

    def meet(moment: str, batch: str) -> None:
        if moment == "claimed":
            barrier.wait(timeout=120)

    def drive(some: list[str]) -> None:
        try:
            ingest(lake, some, IngestOptions(name, files_per_batch=2, hook=meet))
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    drivers = [threading.Thread(target=drive, args=(some,)) for some in (paths[:3], paths[1:])]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join(timeout=300)

    assert errors == []
    assert pages_in(lake, name) == undisturbed
    assert len(files_of(lake, name)) == 4


def test_doing_it_again_with_another_extractor_replaces_the_pages_and_keeps_their_ids(
    lake: Lake, name: str, crawl: Path
) -> None:
    ingest(lake, [str(crawl)], IngestOptions(name))
    ids = lake.table("pages").where(f"crawl = '{name}'").select("page_id")
    before = set(ids.collect())

    result = ingest(lake, [str(crawl)], IngestOptions(name, extractor="trafilatura", again=True))
    same = ingest(lake, [str(crawl)], IngestOptions(name, extractor="trafilatura", again=True))

    assert (result.n_files_read, same.n_files_read) == (4, 0)
    assert set(lake.table("pages").where(f"crawl = '{name}'").select("page_id").collect()) == before
    assert {row["extractor"].split()[0] for row in files_of(lake, name)} == {"trafilatura"}


def test_what_is_no_warc_file_is_a_row_and_fails_nothing(lake: Lake, name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("nothing of the kind")
    (tmp_path / "in" / "empty.warc.gz").write_bytes(b"")

    result = ingest(lake, [str(tmp_path / "in")], IngestOptions(name))

    assert (result.n_files_read, result.n_pages) == (2, 0)
    row = next(row for row in files_of(lake, name) if row["warc_file"] == "notes.txt")
    assert row["fault"] == "not_warc"
    assert row["n_bytes"] == {"gap": 19}


def test_a_file_that_cannot_be_opened_is_tried_again_by_the_next_run(
    lake: Lake, name: str, crawl: Path, tmp_path: Path
) -> None:
    files = write_crawl(tmp_path / "in", some_files(2))
    gone = files / "part-01.warc.gz"
    content = gone.read_bytes()

    def remove(moment: str, batch: str) -> None:
        if moment == "claimed":
            gone.unlink()

    first = ingest(lake, [str(files)], IngestOptions(name, hook=remove))
    gone.write_bytes(content)
    second = ingest(lake, [str(files)], IngestOptions(name))

    assert (first.failed_files, first.n_documents) == (["part-01.warc.gz"], 3)
    assert (second.failed_files, second.n_files_read, second.n_documents) == ([], 1, 3)
    assert len(pages_in(lake, name)) == 6
    assert lake.table("documents").where(f"crawl = '{name}'").count() == 6


def test_a_path_where_nothing_is_says_so(lake: Lake, name: str, tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="nothing to read at"):
        ingest(lake, [str(tmp_path / "nowhere")], IngestOptions(name))


def test_two_files_that_would_have_one_name_are_refused(lake: Lake, name: str, tmp_path: Path) -> None:
    for folder, n in (("a", 1), ("b", 2)):
        write_crawl(tmp_path / folder / "crawl-data" / name, {"x.warc.gz": some_files(1, n)["part-00.warc.gz"]})

    with pytest.raises(UsageError, match="would both be called"):
        ingest(lake, [str(tmp_path)], IngestOptions(name))


def test_a_batch_has_the_same_id_whoever_claims_it(lake: Lake, name: str, crawl: Path) -> None:
    ingest(lake, [str(crawl)], IngestOptions(name, files_per_batch=2))

    files = files_of(lake, name)

    by_batch: dict[str, list[str]] = {}
    for row in files:
        by_batch.setdefault(row["batch"], []).append(row["warc_file"])
    assert sorted(len(names) for names in by_batch.values()) == [2, 2]
    for batch, names in by_batch.items():
        assert batch == ledger.batch_id(name, [ledger.WarcFile(name, "", 0) for name in names])


def test_two_drivers_that_name_files_from_other_roots_read_each_file_once(
    lake: Lake, name: str, tmp_path: Path
) -> None:
    write_crawl(tmp_path / "w", {f"sub/{file}": pages for file, pages in some_files(2).items()})

    ingest(lake, [str(tmp_path / "w")], IngestOptions(name))
    other = find_warc_files([str(tmp_path / "w" / "sub")], name)  # as a driver that looked before the first claimed
    ledger.claim(lake, name, other, [], files_per_batch=9, run_id="other")

    assert {file.warc_file for file in other} == {"part-00.warc.gz", "part-01.warc.gz"}
    assert {row["warc_file"] for row in files_of(lake, name)} == {"sub/part-00.warc.gz", "sub/part-01.warc.gz"}


def test_a_crawl_that_moved_between_a_kill_and_the_next_run_is_read_where_it_is(
    lake: Lake, name: str, tmp_path: Path
) -> None:
    write_crawl(tmp_path / "old", some_files(1))

    def kill(moment: str, batch: str) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        ingest(lake, [str(tmp_path / "old")], IngestOptions(name, hook=kill))
    (tmp_path / "old").rename(tmp_path / "new")
    result = ingest(lake, [str(tmp_path / "new")], IngestOptions(name))

    assert (result.failed_files, result.n_documents) == ([], 3)
    assert files_of(lake, name)[0]["uri"].startswith(str(tmp_path / "new"))


def test_doing_a_batch_again_reads_what_changed_and_never_loses_the_pages_of_a_file_that_is_gone(
    lake: Lake, name: str, tmp_path: Path
) -> None:
    folder = write_crawl(tmp_path, some_files(2, 2))
    ingest(lake, [str(folder)], IngestOptions(name))
    write_crawl(tmp_path, some_files(1, 3))

    looked = ingest(lake, [str(folder)], IngestOptions(name))
    again = ingest(lake, [str(folder)], IngestOptions(name, again=True))
    (folder / "part-01.warc.gz").unlink()

    assert (looked.n_files_read, looked.changed_files) == (0, ["part-00.warc.gz"])
    assert (again.n_files_read, again.n_documents) == (2, 5)
    with pytest.raises(LakeError, match="its pages would be lost"):
        ingest(lake, [str(folder)], IngestOptions(name, extractor="trafilatura", again=True))
    assert lake.table("documents").where(f"crawl = '{name}'").count() == 5


def test_a_file_in_splits_gives_the_rows_of_one_reader_and_one_that_deceives_a_split_is_read_whole(
    lake: Lake, name: str, tmp_path: Path
) -> None:
    pages = some_files(1, 60)["part-00.warc.gz"]
    inner = plain(*warc_records(pages))
    folder = write_crawl(tmp_path / "in", {"a.warc.gz": pages})
    (folder / "b.warc").write_bytes(inner + record(block=inner) + inner)

    ingest(lake, [str(folder)], IngestOptions(name))
    ingest(lake, [str(folder)], IngestOptions(name + "-split", split_bytes=4096))

    assert pages_in(lake, name) == pages_in(lake, name + "-split")
    assert len(pages_in(lake, name)) == 60 + 120 + 1
    facts = [
        [(r["warc_file"], r["n_records"], r["n_bytes"], r["gaps"]) for r in sorted(files_of(lake, crawl))]
        for crawl in (name, name + "-split")
    ]
    assert facts[0] == facts[1]


def test_a_list_of_paths_on_a_web_server_is_taken_in_and_a_refusal_stops_the_run(
    lake: Lake, name: str, tmp_path: Path
) -> None:
    layout = tmp_path / "crawl-data" / name
    write_crawl(layout / "warc", some_files(2))
    lines = [f"crawl-data/{name}/warc/part-0{i}.warc.gz" for i in range(2)]
    (layout / "warc.paths.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    behaviour = Behaviour()

    with serve(tmp_path, behaviour) as host:
        paths = [f"http://{host}/crawl-data/{name}/warc.paths.gz"]
        ingest(lake, paths, IngestOptions(name))
        (layout / "warc.paths.gz").write_bytes(gzip.compress("\n".join([*lines, lines[0] + "x"]).encode()))
        write_crawl(layout / "warc", {"part-00.warc.gzx": {"http://new.example/": html("New words. " * 20)}})
        behaviour.refused = "gzx"
        with pytest.raises(LakeError, match="refuses us"):
            ingest(lake, paths, IngestOptions(name))

    assert len(pages_in(lake, name)) == 6
    assert {row["warc_file"]: row["status"] for row in files_of(lake, name)} == {
        lines[0]: "published",
        lines[1]: "published",
        lines[0] + "x": "failed",
    }
