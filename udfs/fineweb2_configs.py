"""A folder or archive of FineWeb-2's configs -> the config of each language, by the label that lid.176 gives it.

The files belong to that project (github.com/huggingface/fineweb-2, `configs/`): the user names them, we copy nothing.
"""

import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from udfs.conf import MAX_YAML_BYTES
from udfs.errors import ConfigError, MissingInputError
from udfs.language import languages

MAX_FILES = 10_000
_FILE = re.compile(r"(?:^|/)([a-z]{3})_([A-Z][a-z]{3})\.ya?ml$")

# lid.176 says ISO 639-1 where there is such a code, the configs say ISO 639-3 of the language, not of its group,
# and the script: here the one that most of its web is in. Languages with three letters are the same in both.
_CODES = """
als gsw af afr am amh an arg ar arb_Arab as asm_Beng av ava az azj_Latn ba bak be bel bg bul bh bho bn ben_Beng bo bod
br bre bs bos ca cat ce che co cos cs ces cv chv cy cym da dan de deu dv div el ell en eng eo epo es spa
et ekk eu eus fa fas fi fin fr fra fy fry ga gle gd gla gl glg gn gug gu guj_Gujr gv glv he heb hi hin_Deva
hr hrv ht hat hu hun hy hye ia ina id ind ie ile io ido is isl it ita ja jpn jv jav ka kat kk kaz km khm
kn kan_Knda ko kor ku kmr_Latn kv kpv kw cor ky kir la lat lb ltz li lim lo lao lt lit lv lvs mg plt mk mkd
ml mal_Mlym mn khk mr mar_Deva ms zsm_Latn mt mlt my mya ne npi_Deva nl nld nn nno no nob oc oci or ory_Orya
os oss pa pan_Guru pl pol ps pbt pt por qu quy rm roh ro ron_Latn ru rus sa san_Deva sc srd sd snd_Arab sh hbs
si sin sk slk sl slv so som sq als sr srp_Cyrl su sun sv swe sw swh ta tam_Taml te tel_Telu tg tgk th tha
tk tuk_Latn tl fil tr tur tt tat_Cyrl ug uig_Arab uk ukr ur urd_Arab uz uzn_Latn vi vie vo vol wa wln yi ydd
yo yor zh cmn min min_Latn gom gom_Deva sat sat_Olck krc krc crh crh_Latn
"""
_LABELS = {code: label for label, code in re.findall(r"(\w+)\s+(\w+)", _CODES)}
_TABLED = {code[:3] for code in _LABELS}


def read_configs(place: str) -> Mapping[str, Mapping[str, Any]]:
    """Return language -> the keys and values of its config, for each language of lid.176 that has one.

    Raises MissingInputError if there is neither a folder nor a file at `place`, ConfigError if it holds no such files.
    """
    path = Path(place).expanduser()
    if not place or not path.exists():
        raise MissingInputError(f"no folder or .tar.gz of FineWeb-2's configs at {place!r}")
    known = set(languages())
    found = {label: text for stem, text in _texts(path) if (label := _label(stem)) in known}
    if not found:
        raise ConfigError(f"{path}: no file named like fra_Latn.yml, as FineWeb-2's configs are")
    return {str(label): _values(text, f"{path}: {label}") for label, text in sorted(found.items())}


def _label(stem: str) -> str | None:
    """Return what lid.176 calls the language of a file, None for another script than most of its web is in."""
    code = stem[:3]
    if code in _TABLED:
        return _LABELS.get(stem) or _LABELS.get(code)
    return code


def _texts(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the stem and content of each config, `fra_Latn` and its YAML, in the order of their names."""
    if path.is_dir():
        for file in sorted(path.rglob("*.y*ml")):
            if match := _FILE.search(file.name):
                yield f"{match[1]}_{match[2]}", file.read_bytes()[: MAX_YAML_BYTES + 1]
        return
    try:
        with tarfile.open(path) as archive:
            members = [archive.next() for _ in range(MAX_FILES)]
            for member in sorted((m for m in members if m and m.isfile()), key=lambda m: m.name):
                stream = archive.extractfile(member)
                if stream and (match := _FILE.search(member.name)):
                    yield f"{match[1]}_{match[2]}", stream.read(MAX_YAML_BYTES + 1)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ConfigError(f"{path} is no archive that can be read: {error}") from error


def _values(text: bytes, where: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text[:MAX_YAML_BYTES])
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: not YAML: {error}") from error
    return values if isinstance(values, dict) else {}
