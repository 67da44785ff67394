"""Where a model lies (a folder or an archive, here or at a URI) -> its files in a private folder."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from udfs.errors import ConfigError, MissingInputError, ModelError
from udfs.model_store.archive import MAX_MEMBERS, README_NAME, refuse, unpack, write_file
from udfs.model_store.check import read_cards
from udfs.source import is_uri, list_files, open_uri

_WEB = ("http://", "https://")


def fetch_model(source: str, out: Path) -> None:
    """Write the model at `source` into the private folder `out`.

    Of a folder only the cards, the files that they name and README.md are taken; of an archive everything.
    Raises ModelError, naming the source, if it cannot be read or if it is refused.
    """
    try:
        files = _files_below(source)
        if files is not None:
            _copy(files, out)
        else:
            with open_uri(source) as archive:
                unpack(archive, out)
    except (ModelError, ConfigError) as error:
        raise ModelError(f"{source}: refused, {error}") from error
    except (MissingInputError, OSError, ValueError, pa.ArrowException) as error:
        raise ModelError(f"cannot fetch the model {source}: {error}; put it back, or name another one") from error


def _files_below(source: str) -> Mapping[str, str] | None:
    """Return where each file of a folder lies, by name; None if `source` is no folder."""
    if source.startswith(_WEB):  # the web has no folders
        return None
    if not is_uri(source):
        if not Path(source).is_dir():
            return None
        plain = (path for path in Path(source).iterdir() if path.is_file() and not path.is_symlink())
        return {path.name: str(path) for path in plain}
    folder, found = source.rstrip("/") + "/", [file.uri for file in list_files(source)]
    if found == [source]:
        return None
    return {uri.removeprefix(folder): uri for uri in found if "/" not in uri.removeprefix(folder)}


def _copy(files: Mapping[str, str], out: Path) -> None:
    cards = [name for name in files if name.endswith(".yaml")]
    if len(cards) > MAX_MEMBERS:
        refuse(f"it has more than {MAX_MEMBERS} cards")
    _copy_those(sorted(cards), files, out)
    wanted = {name for card in read_cards(out).values() for name in card.files} | {README_NAME}
    _copy_those(sorted(wanted & set(files)), files, out)


def _copy_those(names: list[str], files: Mapping[str, str], out: Path) -> None:
    for name in names:
        with open_uri(files[name]) as stream:
            write_file(stream, out / name)
