"""The README's examples: commands parse, Python runs, YAML is valid and fits the corpus."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from pyspark.sql import SparkSession

from etl.cli.parser import build_parser
from etl.flags import Preset
from etl.jobs.mix import make_plan
from etl.lake import Lake
from etl.mixture import MixtureSpec
from udfs.annotators import AnnotatorsConf
from udfs.conf import parse_conf

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    """Return the `webstrata …` commands of the shell examples, comments and wrappers left out."""
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    found = [re.search(r"webstrata (?:\w.*)", line) for line in lines]
    return [match.group() for match in found if match]


def yaml_with(word: str) -> dict[str, object]:
    text = next(block for block in blocks("yaml") if word in block)
    return yaml.safe_load(text)  # type: ignore[no-any-return]


@pytest.mark.parametrize("command", commands())
def test_a_command_is_one_that_webstrata_understands(command: str) -> None:
    args = shlex.split(command, comments=True)[1:]

    assert build_parser().parse_args(args).run


def test_it_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= 200
    assert len(commands()) >= 8


@pytest.mark.parametrize("example", blocks("python"))
def test_python_examples_run(example: str, spark: SparkSession, demo_lake: Path) -> None:
    exec(example.replace("webstrata-demo/lake", str(demo_lake)), {"spark": spark})

    assert "Lake.open" in example


def test_the_mixture_fits_the_corpus(spark: SparkSession, demo_lake: Path) -> None:
    spec = parse_conf(yaml_with("token_budget"), MixtureSpec, where="README")

    plan = make_plan(Lake.open(spark, str(demo_lake)), spec)

    assert plan.target_tokens > 0


def test_the_flag_is_a_condition_over_the_corpus(spark: SparkSession, demo_lake: Path) -> None:
    condition = str(yaml_with("gopher.flagged")["where"])
    corpus = Lake.open(spark, str(demo_lake)).table("corpus")

    assert 0 < corpus.where(condition).count() < corpus.count()


def test_the_preset_is_one_that_the_lake_can_tell(spark: SparkSession, demo_lake: Path) -> None:
    preset = parse_conf(yaml_with("shouting"), Preset, where="README")
    corpus = Lake.open(spark, str(demo_lake)).table("corpus")

    assert corpus.where(preset.meanings()["mine.shouting"]).count() > 0


def test_the_annotator_is_a_line_of_the_config() -> None:
    text = next(block for block in blocks("yaml") if "educational" in block)

    assert parse_conf({"annotators": yaml.safe_load(text)}, AnnotatorsConf, where="README")


def test_every_verb_has_a_line(spark: SparkSession) -> None:
    verbs = {action.dest for action in build_parser()._subparsers._group_actions[0]._choices_actions}  # type: ignore[union-attr]

    assert {verb for verb in verbs if f"webstrata {verb}" not in README} == set()
