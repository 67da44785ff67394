"""Every YAML in conf/ is read by the code that uses it."""

from pathlib import Path

import pytest

from etl.flags import Preset
from etl.mixture import MixtureSpec
from etl.pipeline import PipelineConf
from udfs.annotators import AnnotatorsConf
from udfs.conf import Conf, parse_conf, read_conf
from udfs.errors import ConfigError, MissingInputError
from udfs.export.recipe import ExportRecipe
from udfs.train.encoder_recipe import EncoderRecipe
from udfs.train.fasttext import FastTextRecipe
from udfs.train.recipe import Recipe, Taxonomy, TokenizerRecipe

CONF = Path(__file__).parents[2] / "conf"
KINDS: dict[str, type[Conf]] = {
    "annotators.yaml": AnnotatorsConf,
    "export": ExportRecipe,
    "flags": Preset,
    "mixtures": MixtureSpec,
    "pipelines": PipelineConf,
    "taxonomies": Taxonomy,
    "train/encoder.yaml": EncoderRecipe,
    "train/format_fasttext.yaml": FastTextRecipe,
    "train/topic_fasttext.yaml": FastTextRecipe,
    "train/tokenizer.yaml": TokenizerRecipe,
    "train": Recipe,
}


def kind_of(path: Path) -> type[Conf]:
    name = str(path.relative_to(CONF))
    return next(kind for prefix, kind in KINDS.items() if name.startswith(prefix))


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: str(path.relative_to(CONF)))
def test_a_shipped_yaml_is_valid(path: Path) -> None:
    assert read_conf(path, kind_of(path))


@pytest.mark.parametrize("path", sorted((CONF / "mixtures").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_mixture_is_named_as_its_file(path: Path) -> None:
    assert read_conf(path, MixtureSpec).name == path.stem


def test_an_unknown_key_is_refused_with_the_nearest_right_one() -> None:
    with pytest.raises(ConfigError, match=r"mixture: unknown key \(did you mean 'mixtures'\?\)"):
        parse_conf({"crawl": "X", "paths": ["a"], "mixture": []}, PipelineConf, where="test")


def test_an_alias_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")

    with pytest.raises(ConfigError, match="aliases"):
        read_conf(bomb, PipelineConf)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no such file"):
        read_conf(tmp_path / "none.yaml", PipelineConf)


def test_text_that_is_no_yaml_says_where(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [1,\n")

    with pytest.raises(ConfigError, match=r"bad\.yaml is not YAML"):
        read_conf(tmp_path / "bad.yaml", PipelineConf)
