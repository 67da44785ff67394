"""The annotator's contract: a column per field, loaded once per process, a SQL type with comments."""

import pickle
from collections.abc import Sequence

from udfs.annotator import AnnotationField, Annotator, Columns, Predict, Texts, rounded

TEXTS = Texts(["one", "three"], ["", "https://a.example/"])


def _lengths(texts: Texts) -> Columns:
    return {"n": [len(text) for text in texts.text]}


def _load() -> Predict:
    return _lengths


def _annotator(name: str = "length", version: str = "1", **more: object) -> Annotator:
    return Annotator(name, version, (AnnotationField("n", "BIGINT", "a text's length"),), _load, **more)


def test_an_annotator_gives_a_column_per_field() -> None:
    assert _annotator()(TEXTS) == {"n": [3, 5]}


def test_a_model_is_loaded_once_per_name_and_version() -> None:
    loads: list[int] = []

    def load() -> Predict:
        loads.append(1)
        return _lengths

    fields = (AnnotationField("n", "BIGINT", ""),)
    for version in ("1", "1", "2"):
        Annotator("counted", version, fields, load)(TEXTS)
    assert len(loads) == 2


def test_its_column_is_called_as_it_is_unless_said_otherwise() -> None:
    assert _annotator().column == "length"
    assert _annotator(column="n_chars").column == "n_chars"


def test_its_sql_type_is_a_struct_with_comments_or_a_plain_type() -> None:
    assert _annotator().ddl == "STRUCT<n: BIGINT COMMENT 'a text\\'s length'>"
    assert _annotator(is_struct=False).ddl == "BIGINT"


def test_an_annotator_travels_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(_annotator()))
    assert again == _annotator()
    assert again(TEXTS) == {"n": [3, 5]}


def test_stored_scores_have_six_decimals() -> None:
    scores: Sequence[float] = [rounded(value) for value in (1 / 3, 1.0, 1e-9)]
    assert scores == [0.333333, 1.0, 0.0]
