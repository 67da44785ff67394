"""The cache of models: fetched once for all processes, there whole or not at all, and never anything else."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etl.cli import main
from tests.processes import ROOT
from tests.servers import Behaviour, serve
from tests.small_models import n_fetches, packed, write_card, write_colours
from udfs import remote
from udfs.annotator import Texts
from udfs.classifier import classifier_annotator
from udfs.errors import ConfigError, ModelError
from udfs.model_store.cache import ModelCache, _key
from udfs.model_store.folder import read_card

TEXTS = Texts(["red red blue"], [""])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCache:
    monkeypatch.setenv("WEBSTRATA_MODELS", str(tmp_path / "cache"))
    monkeypatch.setattr(remote, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(remote, "_refused", {})
    return ModelCache()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_colours(tmp_path / "model")


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def host(tmp_path: Path, behaviour: Behaviour) -> Iterator[str]:
    (tmp_path / "web").mkdir()
    with serve(tmp_path / "web", behaviour) as address:
        yield f"http://{address}"


def pin(folder: Path) -> str:
    return read_card(folder).digest


def test_a_folder_an_archive_and_a_uri_of_the_same_model_are_one_entry(
    cache: ModelCache, folder: Path, tmp_path: Path, host: str
) -> None:
    archive, zipped = packed(folder, tmp_path / "web/m.tar.gz"), packed(folder, tmp_path / "web/m.zip")
    sources = [str(folder), str(archive), folder.as_uri(), zipped.as_uri(), f"{host}/m.tar.gz", f"{host}/m.zip"]

    digests = {cache.add(source).digest for source in sources}

    assert digests == {model.digest for model in cache.models()}
    assert len(digests) == 1


def test_a_model_is_copied_and_not_referred_to(cache: ModelCache, folder: Path) -> None:
    model = cache.add(str(folder))
    shutil.rmtree(folder)

    cache.verify(model)
    assert classifier_annotator("colour", "cache:colours")(TEXTS)["label"] == ["Red"]


def test_of_a_folder_only_what_its_cards_name_is_taken(cache: ModelCache, folder: Path) -> None:
    (folder / "checkpoint.pt").write_bytes(b"x")
    (folder / "README.md").write_text("# Colours")

    names = {path.name for path in cache.add(str(folder)).folder.iterdir()}

    assert names == {"model.yaml", "model.onnx", "tokenizer.json", "README.md"}


def test_an_archive_with_anything_else_is_refused_and_leaves_nothing(
    cache: ModelCache, folder: Path, tmp_path: Path
) -> None:
    (folder / "other.json").write_text("{}")
    archive = packed(folder, tmp_path / "m.tar.gz")

    with pytest.raises(ModelError, match=r"m\.tar\.gz: refused, no card names other\.json"):
        cache.add(str(archive))

    assert cache.models() == []
    assert list((tmp_path / "cache/work").iterdir()) == []


def _without_card(folder: Path) -> None:
    (folder / "model.yaml").unlink()


def _without_weights(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def _other_weights(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"other")


def _no_onnx(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"\0" * 100)
    write_card(folder)


def _cards_that_differ(folder: Path) -> None:
    card = read_card(folder)
    write_card(folder, "shade.yaml", files={**card.files, "model.onnx": "0" * 64})


def _linked_weights(folder: Path) -> None:
    (folder / "model.onnx").rename(folder.parent / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(folder.parent / "elsewhere.onnx")


def _no_yaml(folder: Path) -> None:
    (folder / "model.yaml").write_text("a: &a [*a]")


def _unknown_key(folder: Path) -> None:
    write_card(folder, version_="2")


def _odd_card(folder: Path) -> None:
    write_card(folder, "Shade 2.yaml")


def _too_many_labels(folder: Path) -> None:
    write_card(folder, labels=["a", "b", "c", "d", "e"])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_without_card, "no model.yaml there"),
        (_without_weights, "it lacks model.onnx"),
        (_other_weights, "has changed: its sha256"),
        (_no_onnx, "model.onnx"),
        (_cards_that_differ, "has changed: its sha256"),
        (_linked_weights, "it lacks model.onnx|is a link"),
        (_no_yaml, "aliases"),
        (_odd_card, "no annotator can name|no plain name"),
        (_too_many_labels, "3 logits"),
        (_unknown_key, "did you mean 'version'"),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True], ids=["folder", "archive"])
def test_a_model_that_does_not_hold_what_it_says_is_refused(
    cache: ModelCache, folder: Path, spoil: Callable[[Path], None], says: str, *, is_packed: bool
) -> None:
    spoil(folder)
    source = packed(folder, folder.parent / "m.tar.gz") if is_packed else folder

    with pytest.raises(ModelError, match=says) as refused:
        cache.add(str(source))

    assert str(source) in str(refused.value)
    assert cache.models() == []


def test_the_pin_of_a_uri_decides_which_model_runs(folder: Path, tmp_path: Path, host: str) -> None:
    packed(folder, tmp_path / "web/m.tar.gz")

    annotator = classifier_annotator("colour", f"{host}/m.tar.gz", pin(folder))

    assert annotator(TEXTS)["label"] == ["Red"]
    assert annotator.version == f"colours-1-{pin(folder)[:12]}"


@pytest.mark.parametrize("place", ["{host}/m.tar.gz", "file://{web}/m.tar.gz", "{web}/m.tar.gz"])
def test_a_model_from_elsewhere_without_a_pin_is_refused_and_told_how_to_get_one(
    folder: Path, tmp_path: Path, host: str, place: str
) -> None:
    packed(folder, tmp_path / "web/m.tar.gz")
    uri = place.format(host=host, web=tmp_path / "web")

    with pytest.raises(ConfigError, match=f"needs `sha256:`.*`webstrata models add {uri}` prints it"):
        classifier_annotator("colour", uri)


def test_a_model_that_changed_at_its_uri_is_refused_and_does_not_enter(
    cache: ModelCache, folder: Path, tmp_path: Path, host: str
) -> None:
    old = pin(folder)
    write_card(folder, labels=["Rot", "Grün", "Blau"])
    packed(folder, tmp_path / "web/m.tar.gz")

    with pytest.raises(ModelError, match=rf"m\.tar\.gz is not the pinned model: .*{pin(folder)}.*{old}"):
        classifier_annotator("colour", f"{host}/m.tar.gz", old)

    assert cache.models() == []


def test_a_pinned_model_in_the_cache_is_used_though_its_uri_has_changed_or_is_gone(
    folder: Path, tmp_path: Path, host: str, behaviour: Behaviour
) -> None:
    packed(folder, tmp_path / "web/m.tar.gz")
    classifier_annotator("colour", f"{host}/m.tar.gz", pin(folder))
    behaviour.always = 404

    assert classifier_annotator("colour", f"{host}/m.tar.gz", pin(folder))(TEXTS)["label"] == ["Red"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_model_that_cannot_be_fetched_is_one_clear_error(host: str, behaviour: Behaviour, status: int) -> None:
    behaviour.always = status
    with pytest.raises(ModelError, match=rf"cannot fetch the model {host}/m\.tar\.gz: .*put it back"):
        classifier_annotator("colour", f"{host}/m.tar.gz", "0" * 64)


@pytest.mark.parametrize("uri", ["s4://bucket/m.tar.gz", "file:///no/such/folder", "/no/such/m.zip"])
def test_a_place_that_does_not_exist_is_a_model_error(cache: ModelCache, uri: str) -> None:
    with pytest.raises(ModelError, match=f"cannot fetch the model {uri}"):
        cache.add(uri)


def test_an_archive_that_fails_midway_leaves_nothing_and_can_be_fetched_again(
    cache: ModelCache, folder: Path, tmp_path: Path
) -> None:
    archive = packed(folder, tmp_path / "m.tar.gz")
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="damaged"):
        cache.add(str(archive))
    archive.write_bytes(whole)

    cache.verify(cache.add(str(archive)))


def test_each_card_of_an_archive_is_an_annotator_of_its_own(
    folder: Path, tmp_path: Path, host: str, behaviour: Behaviour
) -> None:
    first = {"task": "regression", "labels": [], "output": {"activation": "none"}}
    write_card(folder, "redness.yaml", **{**first, "name": "redness"})
    packed(folder, tmp_path / "web/m.tar.gz")
    uri = f"{host}/m.tar.gz"

    colour = classifier_annotator("colour", uri, pin(folder))
    redness = classifier_annotator("redness", f"{uri}#redness", read_card(folder, "redness.yaml").digest)

    assert colour(TEXTS)["label"] == ["Red"]
    assert redness(TEXTS) == {"score": [2.0]}
    assert n_fetches(behaviour) == 1


def test_a_bucket_folder_is_fetched_file_by_file(
    folder: Path, tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, tmp_path / "web/bucket/models/colours")
    for name, value in (("ENDPOINT_URL", host), ("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    annotator = classifier_annotator("colour", "s3://bucket/models/colours", pin(folder))

    assert annotator(TEXTS)["label"] == ["Red"]


FETCH = "from udfs.model_store.folder import find_model as ask; ask(sys.argv[1], sys.argv[2])"
ADD = "from udfs.model_store.cache import ModelCache; ModelCache().add(sys.argv[1])"
DIE = """
import time
from udfs.model_store.cache import ModelCache, _key
cache = ModelCache()
with cache._locked(_key(sys.argv[1])):
    (cache._empty_folder(_key(sys.argv[1])) / "model.onnx").write_bytes(b"half")
    print("holding", flush=True)
    time.sleep(600)
"""


def started(program: str, *args: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        f"import sys; {program}" if "\n" not in program else f"import sys\n{program}",
        *args,
    ]
    return subprocess.Popen(command, text=True, cwd=ROOT, stdout=subprocess.PIPE)


def n_waiting(lock: Path) -> int:
    """Return how many processes wait for a lock that somebody holds."""
    inode = f":{lock.stat().st_ino}"
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return sum("->" in line and any(word.endswith(inode) for word in line) for line in lines)


@pytest.mark.parametrize("program", [FETCH, ADD], ids=["annotators that ask", "people who add"])
def test_many_processes_at_once_fetch_a_model_once(
    cache: ModelCache, folder: Path, tmp_path: Path, host: str, behaviour: Behaviour, program: str
) -> None:
    packed(folder, tmp_path / "web/m.tar.gz")
    uri = f"{host}/m.tar.gz"
    with cache._locked(_key(uri)) as lock:
        processes = [started(program, uri, pin(folder)) for _ in range(3)]
        deadline = time.monotonic() + 120
        while n_waiting(Path(lock.name)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)

    assert [process.wait() for process in processes] == [0] * 3
    assert n_fetches(behaviour) == 1
    (model,) = cache.models()
    cache.verify(model)


def test_what_was_added_before_is_fetched_again_by_another_add(
    cache: ModelCache, folder: Path, tmp_path: Path, host: str, behaviour: Behaviour
) -> None:
    packed(folder, tmp_path / "web/m.tar.gz")
    old = cache.add(f"{host}/m.tar.gz")
    write_card(folder, version="2")
    packed(folder, tmp_path / "web/m.tar.gz")

    new = cache.add(f"{host}/m.tar.gz")

    assert {model.digest for model in cache.models()} == {old.digest, new.digest}
    assert n_fetches(behaviour) == 2


def test_a_process_that_died_while_it_fetched_is_in_nobodys_way(
    cache: ModelCache, folder: Path, tmp_path: Path
) -> None:
    process = started(DIE, str(folder))
    assert process.stdout
    assert process.stdout.readline() == "holding\n"
    process.kill()
    process.wait()

    cache.verify(cache.add(str(folder)))

    assert list((tmp_path / "cache/work").iterdir()) == []


def test_a_reader_never_sees_half_a_model(cache: ModelCache, folder: Path) -> None:
    is_over = threading.Event()
    seen: set[tuple[int | str, ...]] = set()

    def look() -> None:
        while not is_over.is_set():
            for model in cache.models():
                seen.add((len(model.cards), *sorted(path.name for path in model.folder.iterdir())))

    reader = threading.Thread(target=look)
    reader.start()
    for version in range(12):
        cache.add(str(write_card(folder, version=str(version))))
    is_over.set()
    reader.join()

    assert seen == {(1, "model.onnx", "model.yaml", "tokenizer.json")}


def damage(model_folder: Path) -> None:
    (model_folder / "model.onnx").chmod(0o644)
    (model_folder / "model.onnx").write_bytes(b"other")


def test_a_run_with_a_damaged_model_is_one_clear_error_and_adding_it_again_mends_it(
    cache: ModelCache, folder: Path
) -> None:
    model = cache.add(str(folder))
    damage(model.folder)

    with pytest.raises(ModelError, match=rf"{model.folder}/model\.onnx has changed"):
        classifier_annotator("colour", "cache:colours")
    with pytest.raises(ModelError, match=r"is damaged .*; add it again, or remove it"):
        cache.verify(model)

    cache.verify(cache.add(str(folder)))
    assert classifier_annotator("colour", "cache:colours")(TEXTS)["label"] == ["Red"]


def test_a_name_that_the_cache_lacks_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=rf"no model colours in the cache {tmp_path}/cache of .*webstrata models add"):
        classifier_annotator("colour", "cache:colours")


def test_a_name_that_means_several_models_asks_which(cache: ModelCache, folder: Path) -> None:
    old = cache.add(str(folder))
    new = cache.add(str(write_card(folder, version="2", labels=["Rot", "Grün", "Blau"])))

    with pytest.raises(ModelError, match="several models") as several:
        classifier_annotator("colour", "cache:colours")
    assert f"colours@{old.digest[:12]}" in str(several.value)

    assert classifier_annotator("colour", f"cache:colours@{new.digest[:12]}")(TEXTS)["label"] == ["Rot"]
    assert classifier_annotator("colour", "cache:colours", pin(old.folder))(TEXTS)["label"] == ["Red"]


def test_a_cache_that_cannot_be_written_says_what_to_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSTRATA_MODELS", "/proc/models")
    with pytest.raises(ModelError, match="set WEBSTRATA_MODELS to a folder on a disk of the node"):
        ModelCache().add(str(folder))


def test_a_model_can_be_added_listed_shown_verified_and_removed(
    cache: ModelCache, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "add", str(folder)]) == 0
    (model,) = cache.models()
    assert f"    model: cache:colours@{model.digest[:12]}\n    sha256: {pin(folder)}\n" in capsys.readouterr().out

    assert main(["models", "list"]) == 0
    assert f"colours@{model.digest[:12]}  model.yaml  colours" in capsys.readouterr().out
    assert main(["models", "show", "colours"]) == 0
    assert "licence: CC0" in capsys.readouterr().out
    assert main(["models", "verify"]) == 0
    damage(model.folder)
    assert main(["models", "verify", model.digest[:8]]) == 1
    assert "has changed: its sha256" in capsys.readouterr().out
    assert main(["models", "remove", "colours"]) == 0
    assert cache.models() == []
    assert main(["models", "remove", "colours"]) == 1


def test_a_card_that_was_damaged_in_the_cache_is_shown_and_can_be_removed(
    cache: ModelCache, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = cache.add(str(folder))
    (model.folder / "model.yaml").chmod(0o644)
    (model.folder / "model.yaml").write_text("[")

    assert main(["models", "list"]) == 0
    assert f"{model.digest[:12]} (damaged)" in capsys.readouterr().out
    assert main(["models", "remove", model.digest]) == 0
    assert cache.models() == []


def test_what_add_prints_for_a_uri_is_what_an_annotator_takes(
    folder: Path, tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    packed(folder, tmp_path / "web/m.tar.gz")

    assert main(["models", "add", f"{host}/m.tar.gz"]) == 0

    printed = dict(line.strip().split(": ") for line in capsys.readouterr().out.splitlines()[-2:])
    assert classifier_annotator("colour", printed["model"], printed["sha256"])(TEXTS)["label"] == ["Red"]
