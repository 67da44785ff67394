"""Files and folders of data are known again by what is in them."""

import hashlib
from pathlib import Path

from udfs.digest import DataFile, data_file


def test_a_file_is_known_by_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_bytes(b"{}\n")
    assert data_file(tmp_path / "pages.jsonl") == DataFile("pages.jsonl", hashlib.sha256(b"{}\n").hexdigest())


def test_a_folder_is_known_by_its_parquet_files_and_their_places_alone(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    (folder / "day=1").mkdir(parents=True)
    (folder / "day=1" / "a.parquet").write_bytes(b"a")
    (folder / "b.parquet").write_bytes(b"b")
    first = data_file(folder)
    (folder / "_SUCCESS").touch()
    assert data_file(folder) == first
    (folder / "b.parquet").rename(folder / "c.parquet")
    moved = data_file(folder)
    (folder / "c.parquet").write_bytes(b"c")
    assert len({first.sha256, moved.sha256, data_file(folder).sha256}) == 3
