"""Archives of models: honest ones are unpacked, hostile ones are refused before anything leaves the private folder."""

import contextlib
import gzip
import io
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.errors import ModelError
from udfs.model_store.archive import unpack

FILES = {"model.yaml": b"name: x\n", "model.onnx": bytes(range(256)) * 40, "README.md": b"# X\n"}


def tar_gz(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=form) as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tar_file(name: str, data: bytes = b"x", **more: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def packed_zip(*members: tuple[str | zipfile.ZipInfo, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.comment = comment
        for name, data in members:
            file.writestr(name, data)
    return out.getvalue()


def zip_member(name: str, mode: int = stat.S_IFREG | 0o644, **more: object) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    for key, value in more.items():
        setattr(info, key, value)
    return info


def unpacked(archive: bytes, out: Path) -> dict[str, bytes]:
    out.mkdir(exist_ok=True)
    unpack(io.BytesIO(archive), out)
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.mark.parametrize("top", ["", "./", "topic/"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_of_any_usual_form_gives_its_files(tmp_path: Path, top: str, form: int) -> None:
    folder = [tar_file(top, b"", type=tarfile.DIRTYPE)] if top else []
    # A time with a fraction makes an extended header.
    files = [tar_file(top + name, data, mtime=1.5) for name, data in FILES.items()]

    assert unpacked(tar_gz(*folder, *files, form=form), tmp_path / "out") == FILES


@pytest.mark.parametrize("top", ["", "topic/"])
def test_a_zip_gives_its_files(tmp_path: Path, top: str) -> None:
    folder = [(top, b"")] if top else []
    archive = packed_zip(*folder, *((top + name, data) for name, data in FILES.items()))

    assert unpacked(archive, tmp_path / "out") == FILES


def _bomb(kind: bytes = tarfile.REGTYPE) -> bytes:
    header = tarfile.TarInfo("model.onnx")
    header.size, header.type = 64 << 20, kind
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(header.size))


def _with_header(**fields: bytes) -> bytes:
    """Return a tar whose only header was changed at the places that we check."""
    block = bytearray(tarfile.TarInfo("model.onnx").tobuf(tarfile.USTAR_FORMAT))
    for name, value in fields.items():
        at = {"size": 124, "kind": 156, "prefix": 345}[name]
        block[at : at + len(value)] = value
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:]))
    return gzip.compress(bytes(block) + bytes(1024))


HOSTILE_TARS: dict[str, tuple[bytes, str]] = {
    "absolute path": (tar_gz(tar_file("/etc/model.yaml")), "leads out"),
    "path upwards": (tar_gz(tar_file("../model.yaml")), "leads out"),
    "path up from within": (tar_gz(tar_file("a/../../model.yaml")), "leads out"),
    "backslash": (tar_gz(tar_file("..\\model.yaml")), "leads out"),
    "folder upwards": (tar_gz(tar_file("../", b"", type=tarfile.DIRTYPE)), "leads out"),
    "symbolic link": (tar_gz(tar_file("model.onnx", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")), "a link"),
    "hard link": (tar_gz(tar_file("model.onnx", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd")), "a link"),
    "pipe": (tar_gz(tar_file("model.onnx", b"", type=tarfile.FIFOTYPE)), "a device"),
    "character device": (tar_gz(tar_file("model.onnx", b"", type=tarfile.CHRTYPE)), "a device"),
    "block device": (tar_gz(tar_file("model.onnx", b"", type=tarfile.BLKTYPE)), "a device"),
    "sparse file": (_with_header(kind=b"S"), "sparse"),
    "long name of GNU": (tar_gz(tar_file("a" * 120 + ".yaml"), form=tarfile.GNU_FORMAT), "long name"),
    "prefix": (_with_header(prefix=b"/etc"), "long name"),
    "long name in an extended header": (tar_gz(tar_file("a" * 120 + ".yaml")), "no plain name|no file of a model"),
    "folder in a folder": (tar_gz(tar_file("a/b/model.yaml")), "folder of its own"),
    "two folders": (tar_gz(tar_file("a/model.yaml"), tar_file("b/model.onnx")), "folder of its own"),
    "beside its folder": (tar_gz(tar_file("a/model.yaml"), tar_file("model.onnx")), "folder of its own"),
    "twice": (tar_gz(tar_file("model.yaml"), tar_file("model.yaml")), "twice"),
    "twice in capitals": (tar_gz(tar_file("model.yaml"), tar_file("MODEL.yaml")), "twice"),
    "hidden file": (tar_gz(tar_file("._model.yaml")), "no plain name"),
    "control character": (tar_gz(tar_file("model\n.yaml")), "no plain name"),
    "no name": (tar_gz(tar_file("./")), "no plain name"),
    "pickle": (tar_gz(tar_file("model.pkl")), "no file of a model"),
    "external data": (tar_gz(tar_file("model.onnx.data")), "no file of a model"),
    "many files": (tar_gz(*(tar_file(f"a{i}.yaml") for i in range(65))), "more than 64 members"),
    "many notes": (tar_gz(*(tar_file(f"a{i}.yaml", mtime=i + 0.5) for i in range(40))), "more than 64 members"),
    "large file": (tar_gz(tar_file("README.md", bytes((1 << 20) + 1))), "larger than the 1,048,576 bytes"),
    "bomb": (_bomb(), "inflates to more than 100 times"),
    "bomb in a note": (_bomb(kind=b"x"), "inflates to more than 100 times"),
    "negative size": (_with_header(size=b"\xff" * 12), "damaged"),
    "size with a sign": (_with_header(size=b"-0000000512\0"), "damaged"),
    "cut off": (_with_header(size=b"00000000512\0")[:40], "damaged"),
    "shorter than it says": (_with_header(size=b"00000077777\0"), "damaged"),
    "no tar": (gzip.compress(b"hello " * 200), "damaged"),
    "no archive": (b"hello", "neither a .tar.gz nor a .zip"),
    "nothing": (b"", "neither a .tar.gz nor a .zip"),
    "another compression": (b"BZh91AY&SY", "neither a .tar.gz nor a .zip"),
}


def _flagged(archive: bytes, at: int, flag: int) -> bytes:
    """Return a zip of one member with a flag set in its entry of the directory."""
    data = bytearray(archive)
    data[data.rindex(b"PK\1\2") + at] |= flag
    return bytes(data)


def _with_zip64_end(archive: bytes) -> bytes:
    end = archive.rindex(b"PK\5\6")
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    return archive[:end] + locator + archive[end:]


def _with_directory_of(archive: bytes, n_bytes: int) -> bytes:
    end = bytearray(archive[-22:])
    end[12:16] = struct.pack("<L", n_bytes)
    return archive[:-22] + bytes(end)


ONE = packed_zip(("model.yaml", b"x"))
HOSTILE_ZIPS: dict[str, tuple[bytes, str]] = {
    "absolute path": (packed_zip((zip_member("/etc/model.yaml"), b"x")), "leads out"),
    "path upwards": (packed_zip(("../model.yaml", b"x")), "leads out"),
    "drive": (packed_zip(("C:model.yaml", b"x")), "no plain name"),
    "symbolic link": (packed_zip((zip_member("model.onnx", stat.S_IFLNK | 0o777), b"/etc/passwd")), "link"),
    "pipe": (packed_zip((zip_member("model.onnx", stat.S_IFIFO | 0o644), b"")), "device"),
    "encrypted": (_flagged(ONE, 8, 1), "encrypted"),
    "patch": (_flagged(ONE, 8, 0x20), "damaged"),
    "bzip2": (packed_zip((zip_member("model.yaml", compress_type=zipfile.ZIP_BZIP2), b"x")), "unusual way"),
    "twice in capitals": (packed_zip(("model.yaml", b"x"), ("Model.yaml", b"x")), "twice"),
    "folder in a folder": (packed_zip(("a/b/model.yaml", b"x")), "folder of its own"),
    "many files": (packed_zip(*((f"a{i}.yaml", b"x") for i in range(65))), "more than 64 members"),
    "bomb": (packed_zip(("model.onnx", bytes(64 << 20))), "inflates to more than 100 times"),
    "comment": (packed_zip(("model.yaml", b"x"), comment=b"PK"), "comment"),
    "64-bit end": (_with_zip64_end(ONE), "directory that no model needs"),
    "large directory": (_with_directory_of(ONE, 1 << 30), "directory that no model needs"),
    "wrong directory": (_with_directory_of(ONE, 1 << 16), "damaged"),
    "cut off": (ONE[:-10], "cut off"),
    "only a beginning": (ONE[:10], "damaged"),
}


@pytest.mark.parametrize(("archive", "says"), HOSTILE_TARS.values(), ids=list(HOSTILE_TARS))
def test_a_hostile_tar_is_refused_with_a_reason(tmp_path: Path, archive: bytes, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        unpacked(archive, tmp_path / "out")

    _nothing_lies_beside_it(tmp_path)


@pytest.mark.parametrize(("archive", "says"), HOSTILE_ZIPS.values(), ids=list(HOSTILE_ZIPS))
def test_a_hostile_zip_is_refused_with_a_reason(tmp_path: Path, archive: bytes, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        unpacked(archive, tmp_path / "out")

    _nothing_lies_beside_it(tmp_path)


GOOD = (
    tar_gz(*(tar_file(f"topic/{name}", data, mtime=1.5) for name, data in FILES.items())),
    packed_zip(*((f"topic/{name}", data) for name, data in FILES.items())),
)


@pytest.mark.parametrize("good", GOOD, ids=["tar.gz", "zip"])
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_damaged_archive_is_a_model_error_or_gives_plain_files(
    good: bytes, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = bytearray(good)
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=4)):
        archive[at] = data.draw(st.integers(0, 255))
    archive = archive[: data.draw(st.sampled_from([len(good), len(good) - 1, len(good) // 2]))]
    folder = tmp_path_factory.mktemp("damaged")

    with contextlib.suppress(ModelError):
        unpacked(bytes(archive), folder / "out")

    _nothing_lies_beside_it(folder)
    assert all(path.is_file() and not path.is_symlink() for path in (folder / "out").iterdir())


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_damaged_tar_inside_a_sound_gzip_is_a_model_error_or_gives_plain_files(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tar = bytearray(gzip.decompress(GOOD[0]))
    for at in data.draw(st.lists(st.integers(0, 2047), min_size=1, max_size=4)):
        tar[at] = data.draw(st.integers(0, 255))
    for start in range(0, 2048, 512):  # a checksum would hide the rest
        block = tar[start : start + 512]
        tar[start + 148 : start + 156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:]))
    folder = tmp_path_factory.mktemp("damaged")

    with contextlib.suppress(ModelError):
        unpacked(gzip.compress(bytes(tar), 1), folder / "out")

    _nothing_lies_beside_it(folder)


def _nothing_lies_beside_it(folder: Path) -> None:
    assert [path.name for path in folder.iterdir()] == ["out"]
    assert all(path.parent == folder / "out" for path in (folder / "out").rglob("*"))
