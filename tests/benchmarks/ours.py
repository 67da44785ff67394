"""Some pages -> what each step of webstrata takes for them, each in a process and with a session of its own."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.corpus import Corpus
from tests.benchmarks.stage import Stage, run_stage

SYSTEM = "webstrata"


@dataclass(frozen=True)
class Ours:
    """Runs of webstrata on lakes below `folder` that are deleted after use."""

    corpus: Corpus
    folder: Path
    n_cores: int

    def ingest_and_language(self, n_pages: int, extractor: str) -> list[Stage]:
        """Ingest with an extractor, and name the languages: what datatrove's part does."""
        lake = self._fresh_lake()
        return [self._ingest(lake, n_pages, extractor), self._language(lake, n_pages, extractor)]

    def all_steps(self, n_pages: int) -> list[Stage]:
        """Do the whole flow to a mixture; `language` alone and the measures work on copies of the lake."""
        lake = self._fresh_lake()
        stages = [self._ingest(lake, n_pages, "resiliparse")]
        for step, name in (("language", "language, resiliparse"), ("measures", "measures")):
            copy = self._fresh_lake("copy")
            shutil.copytree(lake, copy)
            stages.append(self._run(step, copy, n_pages, name=name))
            shutil.rmtree(copy)
        return [*stages, *(self._run(step, lake, n_pages) for step in ("annotate", "dedup", "mix"))]

    def ingest_files(self, files: Sequence[Path], n_pages: int) -> Stage:
        """Ingest some files into a lake of their own."""
        return self._ingest(self._fresh_lake(), n_pages, "resiliparse", files)

    def _ingest(self, lake: Path, n_pages: int, extractor: str, files: Sequence[Path] | None = None) -> Stage:
        names = self.folder / "files.txt"
        names.write_text("".join(f"{file}\n" for file in files or self.corpus.files(n_pages)))
        options = ("--files", str(names), "--extractor", extractor)
        return self._run("ingest", lake, n_pages, *options, name=f"ingest, {extractor}")

    def _language(self, lake: Path, n_pages: int, extractor: str) -> Stage:
        return self._run("language", lake, n_pages, name=f"language, {extractor}")

    def _run(self, step: str, lake: Path, n_pages: int, *options: str, name: str = "") -> Stage:
        place = ("--lake", str(lake), "--cores", str(self.n_cores), "--pages", str(n_pages))
        command = (sys.executable, "-m", "tests.benchmarks.webstrata_step", step, *place, *options)
        return run_stage(SYSTEM, name or step, n_pages, command, log=self.folder / f"webstrata-{step}.log")

    def _fresh_lake(self, name: str = "lake") -> Path:
        lake = self.folder / name
        shutil.rmtree(lake, ignore_errors=True)
        return lake
