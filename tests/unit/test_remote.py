"""Files from a web server and from an S3 API server, both real and both on loopback."""

import gzip
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.naming import find_warc_files
from tests.servers import Behaviour, serve
from tests.unit.warc_builder import warc
from udfs import remote
from udfs.errors import MissingInputError
from udfs.remote import DeniedError, patiently
from udfs.source import list_files, open_uri
from udfs.warc_file import ReadSettings, WarcFileReader

PAGES = {f"http://{i}.example/": f"<p>Page {i}: {random.Random(i).randbytes(9000).hex()}</p>" for i in range(300)}
DATA = warc(PAGES)
ROOT = Path(__file__).parents[2]
KEY = "crawl-data/CC-TEST/segments/1/warc/a%20b.warc.gz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "bucket" / "crawl-data/CC-TEST/segments/1/warc/a b.warc.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    return tmp_path


@pytest.fixture
def behaviour(monkeypatch: pytest.MonkeyPatch) -> Behaviour:
    monkeypatch.setattr(remote, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(remote, "_refused", {})
    return Behaviour()


@pytest.fixture(params=["http", "s3"])
def base(
    request: pytest.FixtureRequest, folder: Path, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URI of the bucket, over HTTP or over the S3 API."""
    root = folder / "bucket" if request.param == "http" else folder
    with serve(root, behaviour) as host:
        if request.param == "s3":
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}")
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield f"http://{host}" if request.param == "http" else "s3://bucket"


def test_a_remote_file_is_read_in_ranges_and_gives_what_the_local_one_gives(
    base: str, behaviour: Behaviour, folder: Path
) -> None:
    (found,) = list_files(f"{base}/{KEY}")
    with open_uri(found.uri) as stream:
        pages = list(WarcFileReader(stream, "x", ReadSettings("C")))

    with open_uri(str(next(folder.rglob("*.gz")))) as stream:
        assert pages == list(WarcFileReader(stream, "x", ReadSettings("C")))
    ranges = [span for _, _, span in behaviour.asked if span]
    assert found.size_bytes == len(DATA) > 2 * 1024 * 1024
    assert len(ranges) >= 1
    assert all(span.startswith("bytes=") for span in ranges)


def test_a_split_asks_for_its_own_bytes_only(base: str, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "RANGE_BYTES", 64 * 1024)
    start, end = len(DATA) // 2, len(DATA) // 2 + 200_000
    with open_uri(f"{base}/{KEY}") as stream:
        list(WarcFileReader(stream, "x", ReadSettings("C"), start=start, end=end))

    asked = [int(span.removeprefix("bytes=").split("-")[0]) for _, _, span in behaviour.asked if span]
    assert all(at == 0 or start - 64 * 1024 <= at <= end + 128 * 1024 for at in asked)
    assert len(asked) < 9


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(base: str, behaviour: Behaviour, status: int) -> None:
    with open_uri(f"{base}/{KEY}") as stream:
        behaviour.failures = [status, status]
        data = stream.read()

    assert data == DATA


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_for_the_size_too(base: str, behaviour: Behaviour, status: int) -> None:
    behaviour.failures = [status] * 5
    with open_uri(f"{base}/{KEY}") as stream:
        assert stream.read(100) == DATA[:100]


def test_a_refusal_at_the_door_is_seen_as_one(base: str, behaviour: Behaviour) -> None:
    behaviour.always = 403
    with pytest.raises(DeniedError):
        open_uri(f"{base}/{KEY}")


def test_a_number_in_a_name_is_no_status(base: str, behaviour: Behaviour, folder: Path) -> None:
    (folder / "bucket" / "part-403.warc.gz").write_bytes(DATA)
    with open_uri(f"{base}/part-403.warc.gz") as stream:
        behaviour.failures = [503]
        assert stream.read(10) == DATA[:10]


def test_a_refusal_is_final_and_says_what_to_do(base: str, behaviour: Behaviour) -> None:
    with open_uri(f"{base}/{KEY}") as stream:
        behaviour.always = 403
        n_before = len(behaviour.asked)
        with pytest.raises(DeniedError, match="wait, ask for less at once"):
            stream.read()

        assert len(behaviour.asked) == n_before + 1
        behaviour.always = None
        with pytest.raises(DeniedError, match="not asked again"):
            open_uri(f"{base}/{KEY}")

    assert len(behaviour.asked) == n_before + 1


def test_what_is_not_there_is_one_clear_error(base: str) -> None:
    with pytest.raises(MissingInputError):
        list_files(f"{base}/crawl-data/nothing.warc.gz")


def test_a_server_without_ranges_is_an_error_and_not_a_wrong_text(folder: Path, behaviour: Behaviour) -> None:
    behaviour.serves_ranges = False
    with serve(folder / "bucket", behaviour) as host, open_uri(f"http://{host}/{KEY}") as stream:
        stream.seek(1000)
        with pytest.raises(OSError, match="no ranges served"):
            stream.read(10)


def test_a_server_is_told_who_asks(folder: Path, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSTRATA_CONTACT", "crawl@example.org")
    remote._web.cache_clear()
    with serve(folder / "bucket", behaviour) as host:
        list_files(f"http://{host}/{KEY}")
    remote._web.cache_clear()

    assert behaviour.agents == {"webstrata (crawl@example.org)"}


def test_a_bucket_is_taken_with_all_below_it(base: str) -> None:
    if base.startswith("http"):
        pytest.skip("the web has no folders")

    (file,) = find_warc_files([f"{base}/crawl-data/CC-TEST"], "CC-TEST")

    assert (file.warc_file, file.size_bytes) == ("crawl-data/CC-TEST/segments/1/warc/a b.warc.gz", len(DATA))


def test_a_list_of_paths_stands_for_the_files_it_names(base: str, folder: Path) -> None:
    listed = folder / "bucket/crawl-data/CC-TEST/warc.paths.gz"
    listed.write_bytes(gzip.compress(f"{KEY}\n\n{base}/other.warc.gz\n".encode()))

    files = list_files(f"{base}/crawl-data/CC-TEST/warc.paths.gz")
    (named, _) = find_warc_files([f"{base}/crawl-data/CC-TEST/warc.paths.gz"], "CC-TEST")

    assert [file.uri for file in files] == [f"{base}/{KEY}", f"{base}/other.warc.gz"]
    assert named.warc_file.startswith("crawl-data/CC-TEST/segments")


def test_pauses_double_and_chance_shortens_them() -> None:
    pauses: list[float] = []

    def fail() -> None:
        raise ConnectionResetError("gone")

    with pytest.raises(OSError, match="8 times"):
        patiently(fail, "x", pause=pauses.append)

    assert len(pauses) == remote.ATTEMPTS - 1
    assert all(2**i / 2 <= pause <= 2**i for i, pause in enumerate(pauses[:6]))
    assert max(pauses) <= remote.LONGEST_PAUSE_S


@pytest.fixture
def google(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URI of the bucket over the API of Google Cloud Storage.

    pyarrow begins such a file with a request while it holds the interpreter's lock: its server needs a process.
    """
    command = (sys.executable, "-m", "tests.servers", str(folder))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout
        monkeypatch.setenv("CLOUD_STORAGE_EMULATOR_ENDPOINT", f"http://{server.stdout.readline().strip()}")
        yield "gs://anonymous@bucket"
        server.communicate()


def test_a_bucket_of_google_is_listed_and_its_files_are_read_at_any_offset(google: str) -> None:
    (found,) = list_files(f"{google}/crawl-data")

    assert found == (f"{google}/{KEY}", len(DATA))
    assert list_files(f"{google}/crawl-data/*/*.warc.gz") == [found]
    with open_uri(found.uri) as stream:
        stream.seek(1_500_000)
        assert stream.read(1000) == DATA[1_500_000:1_501_000]
        stream.seek(0)
        assert stream.read() == DATA
    with pytest.raises(MissingInputError):
        list_files(f"{google}/crawl-data/nothing.warc.gz")
