"""A model's URI, archive or name -> its folder in this node's cache, fetched and checked once for all processes.

    CACHE/folders/DIGEST/    a model: read-only files, there whole or not at all
    CACHE/locks/KEY          locked by whoever fetches a source; says what was fetched last, and when
    CACHE/work/KEY/          what the holder of that lock is fetching

`CACHE` is `WEBSTRATA_MODELS`, else `models` in the cache folder. Locks are flock(2)'s: they end with their process,
however it ends. Readers need none: a folder appears by one rename, and its name is the digest of what it holds.
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from udfs.cache_folder import cache_folder
from udfs.errors import ConfigError, ModelError, WebstrataError
from udfs.model_store.check import Cards, check_model, read_cards
from udfs.model_store.folder import CACHE_PREFIX
from udfs.model_store.source import fetch_model
from udfs.model_store.trial import try_model
from udfs.source import is_uri


class CachedModel(NamedTuple):
    """A model folder in the cache; one that is damaged may have no cards."""

    folder: Path
    cards: Cards

    @property
    def digest(self) -> str:
        """Return the digest of all its files, under which it was added."""
        return self.folder.name

    def is_called(self, name: str) -> bool:
        """Return whether `NAME`, `NAME@DIGEST` or `DIGEST` (or its first digits, 8 at least) means it."""
        called, _, digits = name.rpartition("@")
        names = {card.name for card in self.cards.values()}
        if called:
            return called in names and self.digest.startswith(digits)
        return name in names or (len(name) >= 8 and self.digest.startswith(name))

    def has(self, card: str, pin: str | None) -> bool:
        """Return whether its card of this file name has the digest `pin` (None: any)."""
        return card in self.cards and pin in {None, self.cards[card].digest}


def cached_model(model: str, card: str, pin: str | None) -> Path:
    """Return the folder of `cache:NAME`, or of the archive or URI `model`, which is fetched if it is not there.

    `pin` is the digest of its card of file name `card`: a model of this digest that is there already is taken, from
    wherever it came. Raises ConfigError for a source without one, ModelError if there is no such model.
    """
    cache = ModelCache()
    if model.startswith(CACHE_PREFIX):
        return cache.find(model.removeprefix(CACHE_PREFIX), card, pin).folder
    if pin is None:
        raise ConfigError(
            f"{model} lies elsewhere and may change: its annotator needs `sha256:`, the digest of its card; "
            f"`webstrata models add {model}` prints it"
        )
    return cache.fetch(model, card, pin).folder


class ModelCache:
    """The models of this node."""

    def __init__(self) -> None:
        place = os.environ.get("WEBSTRATA_MODELS")
        self._root = Path(place).absolute() if place else cache_folder("models")
        self._folders = self._root / "folders"

    def models(self) -> list[CachedModel]:
        """Return all models."""
        return [CachedModel(folder, _cards_or_none(folder)) for folder in sorted(self._folders.glob("[0-9a-f]" * 64))]

    def find(self, name: str, card: str | None = None, pin: str | None = None) -> CachedModel:
        """Return the only model that `name` means, with this card and its digest where they are given.

        Raises ModelError if there is none, or several.
        """
        called = [model for model in self.models() if model.is_called(name)]
        found = [model for model in called if card is None or model.has(card, pin)]
        if len(found) == 1 or (found and pin):  # a pinned model is the same in any of them
            return found[0]
        if found:
            names = ", ".join(f"{name.partition('@')[0]}@{model.digest[:12]}" for model in found)
            raise ModelError(f"{name} means several models in {self._root}: {names}; say which")
        what = f" whose card {card} has the digest {pin}" if pin else f" with the card {card}" if called else ""
        raise ModelError(
            f"no model {name}{what} in the cache {self._root} of {platform.node()}; "
            f"`webstrata models list` shows those that are there, `webstrata models add` adds one"
        )

    def fetch(self, source: str, card: str, pin: str) -> CachedModel:
        """Return the model whose card of file name `card` has the digest `pin`, from `source` if it is not there.

        Of many processes that ask at once one fetches and the others wait. Raises ModelError if it is another model.
        """
        if found := self._pinned(card, pin):
            return found
        with self._locked(_key(source)) as note:
            return self._pinned(card, pin) or self._fetch(source, note, (card, pin))

    def add(self, source: str) -> CachedModel:
        """Fetch a model again, check it, try each of its cards and return it; raises ModelError if it is refused.

        What another process fetched from the same source since we were called is not fetched again.
        """
        called_at = time.time_ns()
        with self._locked(_key(source)) as note:
            done = _read_note(note)
            folder = self._folders / done.get("digest", "none")
            if done.get("at", 0) >= called_at and folder.is_dir():
                return CachedModel(folder, read_cards(folder))
            return self._fetch(source, note, None)

    def verify(self, model: CachedModel) -> None:
        """Raise ModelError unless the model is what it was when it was added."""
        try:
            digest = check_model(model.folder)[1]
        except (WebstrataError, OSError) as error:
            raise ModelError(f"{model.folder} is damaged ({error}); add it again, or remove it") from error
        if digest != model.digest:
            raise ModelError(f"{model.folder} has changed: its digest is {digest}; add it again, or remove it")

    def remove(self, model: CachedModel) -> None:
        """Remove a model; a process that has opened it keeps it."""
        with self._locked(model.digest):
            self._discard(model.folder)

    def _pinned(self, card: str, pin: str) -> CachedModel | None:
        return next((model for model in self.models() if model.has(card, pin)), None)

    def _fetch(self, source: str, note: IO[str], pinned: tuple[str, str] | None) -> CachedModel:
        """Fetch, check and publish; the caller holds the lock of the source."""
        work = self._empty_folder(_key(source))
        try:
            fetch_model(_absolute(source), work)
            model = self._publish(work, source, pinned)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        note.truncate(0)
        note.write(json.dumps({"digest": model.digest, "at": time.time_ns()}))
        return model

    def _publish(self, work: Path, source: str, pinned: tuple[str, str] | None) -> CachedModel:
        try:
            cards, digest = check_model(work)
            for name, card in () if pinned else cards.items():  # a pin vouches for a model
                try_model(f"{work}#{Path(name).stem}", card)
        except (ModelError, ConfigError) as error:
            raise ModelError(f"{source}: refused, {error}") from error
        if pinned and not CachedModel(work, cards).has(*pinned):
            raise _other_model(source, cards, *pinned)
        target = CachedModel(self._folders / digest, cards)
        with self._locked(digest):
            if not self._is_whole(target):
                self._discard(target.folder)
                _settle(work, target.folder)
        return target

    def _is_whole(self, model: CachedModel) -> bool:
        try:
            self.verify(model)
        except ModelError:
            return False
        return True

    def _discard(self, folder: Path) -> None:
        """Remove a folder so that nobody sees half of it; the caller holds the lock of its digest."""
        if folder.exists():
            gone = self._empty_folder(folder.name)
            folder.rename(gone)
            shutil.rmtree(gone)

    def _empty_folder(self, key: str) -> Path:
        """Return a folder that is ours as long as we hold the lock of `key`; what a dead process left is removed."""
        work = self._root / "work" / key
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        return work

    @contextmanager
    def _locked(self, key: str) -> Iterator[IO[str]]:
        """Hold the lock `key` of this node, and lend its file."""
        path = self._root / "locks" / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+", encoding="utf-8")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            reason = f"cannot lock {path} on {platform.node()}: {error}"
            raise ModelError(f"{reason}; set WEBSTRATA_MODELS to a folder on a disk of the node") from error
        with file:
            yield file


def _settle(work: Path, folder: Path) -> None:
    """Let a folder appear under its name, whole and on the disk."""
    for path in work.iterdir():
        path.chmod(0o444)  # a mistake must not change a model
    _sync(work)
    folder.parent.mkdir(exist_ok=True)
    work.rename(folder)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def _cards_or_none(folder: Path) -> Cards:
    """Return the cards of a folder, none if one is damaged or somebody removes it just now."""
    try:
        return read_cards(folder)
    except (WebstrataError, OSError):
        return {}


def _other_model(source: str, cards: Cards, card: str, pin: str) -> ModelError:
    has = f"its card {card} has the digest {cards[card].digest}" if card in cards else f"it has the cards {list(cards)}"
    return ModelError(
        f"{source} is not the pinned model: {has}, the config pins {card} of {pin}; "
        f"put the pinned model back, or pin the new digest"
    )


def _key(source: str) -> str:
    return hashlib.sha256(_absolute(source).encode()).hexdigest()


def _absolute(source: str) -> str:
    return source if is_uri(source) else str(Path(source).expanduser().absolute())


def _read_note(note: IO[str]) -> dict[str, Any]:
    """Return what the last holder of a lock wrote; nothing if it died while it did."""
    note.seek(0)
    try:
        return dict(json.loads(note.read() or "{}"))
    except ValueError:
        return {}
