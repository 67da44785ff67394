"""Chance comes from the page and the seed, and is as published hashes and distributions say."""

import math
from statistics import fmean, pstdev

import pytest

from etl.mixture import Order
from etl.mixture.draw import LAST_PRIORITY, MAX_PRIORITY, draw, gumbel, priority
from etl.mixture.xxh64 import xxh64

TOP = Order.model_validate({"pick": "top"})


@pytest.mark.parametrize(
    ("data", "seed", "hashed"),
    [(b"", 0, 0xEF46DB3751D8E999), (b"a", 0, 0xD24EC4F1A98C6E5B), (b"abc", 0, 0x44BC2CF5AD770999)],
)
def test_xxh64_gives_the_published_values(data, seed, hashed):
    assert xxh64(data, seed) == hashed


def test_gumbel_noise_has_the_mean_and_spread_of_its_distribution():
    noise = [gumbel(draw(17, f"page {n}")) for n in range(20_000)]

    assert fmean(noise) == pytest.approx(0.5772, abs=0.03)
    assert pstdev(noise) == pytest.approx(math.pi / math.sqrt(6), abs=0.03)


def test_gumbel_noise_is_finite_at_both_ends_of_the_draw():
    assert gumbel(0) < -3
    assert 36 < gumbel(-1) < 37


def test_better_scores_come_first_and_missing_ones_last():
    scores = [0.9, 0.899999, 0.0, -5.0, -math.inf]

    assert sorted(scores, key=lambda score: priority(score, 0, TOP)) == scores
    assert priority(None, 0, TOP) == priority(math.nan, 0, TOP) == LAST_PRIORITY > MAX_PRIORITY


def test_the_last_bit_of_a_score_makes_no_difference():
    assert priority(0.123457, 0, TOP) == priority(math.nextafter(0.123457, 1), 0, TOP) == -123_457
