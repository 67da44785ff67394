"""Templates of the demo's pages."""

import pytest

from etl.demo.grammar import Grammar

DECKS = {"animal": ("cat", "dog", "owl"), "claim": ("the {animal} [sleeps|eats]",)}


def test_a_deck_is_dealt_to_its_end_before_an_item_comes_back() -> None:
    grammar = Grammar(DECKS, "seed")
    assert sorted(grammar.expand("{animal*3}").split()) == ["cat", "dog", "owl"]


def test_a_numbered_slot_stays_the_same_and_a_capital_begins_with_one() -> None:
    grammar = Grammar(DECKS, "seed")
    first, second = grammar.expand("{animal1} {Animal1}").split()
    assert second == first.capitalize()


def test_what_an_inner_grammar_remembers_is_not_remembered_outside() -> None:
    grammar = Grammar(DECKS, "seed")
    seen = {grammar.inner().expand("{animal1}") for _ in range(3)}
    assert seen == set(DECKS["animal"])


def test_slots_and_choices_inside_an_item_are_filled_too() -> None:
    text = Grammar(DECKS, "seed").expand("{Claim}, {3-5} times")
    assert text.startswith("The ")
    assert not set("{}[]|") & set(text)


def test_the_seed_alone_decides() -> None:
    template = "{animal} {10-99} {claim}"
    assert Grammar(DECKS, "a").expand(template) == Grammar(DECKS, "a").expand(template)
    assert len({Grammar(DECKS, seed).expand(template) for seed in "abcdefgh"}) > 1


def test_an_unknown_slot_is_an_error() -> None:
    with pytest.raises(KeyError):
        Grammar(DECKS, "seed").expand("{plant}")
