"""The language identifier: lid.176 out of its package."""

import pytest

from udfs import language
from udfs.annotator import Texts
from udfs.errors import ModelError

SENTENCES = {
    "en": "The weather was fine and we walked along the river until evening.",
    "de": "Das Wetter war schön und wir gingen bis zum Abend am Fluss entlang.",
    "fr": "Il faisait beau et nous avons marché le long de la rivière jusqu'au soir.",
    "ja": "天気がよかったので、夕方まで川沿いを歩きました。",
}


def _labels(*texts: str) -> list[object]:
    return list(language.language_annotator()(Texts(texts, [""] * len(texts)))["label"])


def test_languages_are_named_by_their_iso_codes() -> None:
    assert _labels(*SENTENCES.values()) == list(SENTENCES)


def test_line_ends_do_not_cut_a_text() -> None:
    assert _labels("\n".join(SENTENCES["fr"].split())) == ["fr"]


def test_scores_lie_between_zero_and_one() -> None:
    texts = Texts([*SENTENCES.values(), "", "1234", "\n"], [""] * 7)
    scores = language.language_annotator()(texts)["score"]
    assert all(isinstance(score, float) and 0 <= score <= 1 for score in scores)


def test_only_the_first_characters_count() -> None:
    assert _labels(SENTENCES["de"] * 40 + SENTENCES["fr"] * 400) == ["de"]


def test_another_model_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "MODEL_SHA256", "0" * 64)
    with pytest.raises(ModelError, match=r"lid\.176\.ftz has changed: its sha256 is 8f34.* expected 0000"):
        language.language_annotator()(Texts(["a"], [""]))
