"""Personal data: what is found, what is not, and what is left after masking."""

from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.annotator import Texts
from udfs.errors import ConfigError
from udfs.measure.addresses import emails, public_ipv4, public_ipv6
from udfs.measure.identifiers import cards, ibans
from udfs.measure.personal import DEFAULT_KINDS, mask, personal_annotator

needs_phonenumbers = pytest.mark.skipif(not find_spec("phonenumbers"), reason="phonenumbers is not installed")
PIECES = st.sampled_from(
    (
        *("me@x.org", "a.b+c@d-e.co.uk", "@", "email@example.com", "8.8.8.8", "10.0.0.1", "2001:4860:4860::8888"),
        *("4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "text", "12:30", "v1.2.3", "é", "\ud800", "\x00"),
    )
)


def found_by(find: object, text: str) -> list[str]:
    return [text[start:end] for start, end in find(text)]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "write to Me.Too+x@mail.example.co.uk.": ["Me.Too+x@mail.example.co.uk"],
        "<a@b.de>,c@d.fr": ["a@b.de", "c@d.fr"],
        "a@b a@ @b.de a@-b.de a@.de": [],
        "a..b@c.de .d@e.fr f.@g.de": ["b@c.de", "d@e.fr"],
        "a@b.c- a@b.c-d. a@b.c..d": ["a@b.c", "a@b.c-d", "a@b.c"],
        "a@b-.c a@b@c.de": ["b@c.de"],
        "x@[1.2.3.4] x@[1.2.3]": ["x@[1.2.3.4]"],
        "ä!x@y.de äx@y.de": ["!x@y.de"],
        "a@b.c!d@e.f": ["a@b.c", "!d@e.f"],
    }.items(),
)
def test_email_addresses_are_those_of_fineweb(text: str, found: list[str]) -> None:
    assert found_by(emails, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "8.8.8.8, 10.1.1.1 127.0.0.1 192.168.0.1": ["8.8.8.8"],
        "1.2.3.256": ["1.2.3.25"],  # as there
        "08.8.8.8 1.2.3 999.1.1.1": ["99.1.1.1"],
    }.items(),
)
def test_only_public_ipv4_addresses_count(text: str, found: list[str]) -> None:
    assert found_by(public_ipv4, text) == found


def test_only_public_ipv6_addresses_count() -> None:
    text = "2001:4860:4860::8888. ::1 fe80::1 12:30:45 a::b::c x2001:4860::1 2606:4700:0:0:0:0:0:1111"
    assert found_by(public_ipv6, text) == ["2001:4860:4860::8888", "2606:4700:0:0:0:0:0:1111"]


def test_card_numbers_have_a_right_check_digit_and_the_form_of_a_card() -> None:
    text = "4111111111111111 4111-1111-1111-1111, 3782 822463 10005. 2223003122003222"
    assert len(found_by(cards, text)) == 4
    wrong = "4111111111111112 4111111111111116 9111111111111111 00000000000000000"
    foreign = "x4111111111111111 4111 1111-1111 1111 1.4111111111111111"
    assert found_by(cards, f"{wrong} {foreign}") == []


def test_account_numbers_have_their_countrys_length_and_check_digits() -> None:
    text = "GB82 WEST 1234 5698 7654 32 AND DE89370400440532013000."
    assert found_by(ibans, text) == ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"]
    assert found_by(ibans, "GB83 WEST 1234 5698 7654 32 XX82WEST12345698765432 DE8937040044053201300") == []


def test_placeholders_take_turns_and_each_text_begins_anew() -> None:
    text = "a@b.de c@d.de e@f.de 8.8.8.8 8.8.4.4 10.0.0.1"
    masked = (
        "email@example.com firstname.lastname@example.org email@example.com 22.214.171.124 126.96.36.199 10.0.0.1",
        {"email": 3, "ipv4": 2},
    )
    assert mask(text, ("ipv4", "email")) == masked
    assert mask(text, ("ipv4", "email")) == masked


def test_only_the_kinds_that_are_asked_for_are_masked() -> None:
    assert mask("a@b.de 8.8.8.8", ("ipv4",)) == ("a@b.de 22.214.171.124", {"ipv4": 1})


def test_every_placeholder_is_known_and_left_alone() -> None:
    text = "a@b.de 8.8.8.8 2001:4860::1 4111111111111111 DE89370400440532013000"
    masked, counts = mask(text, DEFAULT_KINDS)
    assert set(counts.values()) == {1}
    assert mask(masked, DEFAULT_KINDS) == (masked, dict.fromkeys(counts, 0))


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_masking_twice_changes_nothing(text: str) -> None:
    masked, _ = mask(text, DEFAULT_KINDS)
    assert mask(masked, DEFAULT_KINDS)[0] == masked
    assert set(mask(masked, DEFAULT_KINDS)[1].values()) == {0}


@given(st.lists(PIECES, max_size=12).map("".join))
def test_the_measure_is_what_masking_counts(text: str) -> None:
    annotator = personal_annotator("personal")
    found = [column[0] for column in annotator(Texts([text], [""])).values()]
    assert found == list(mask(text, DEFAULT_KINDS)[1].values())


@given(st.text(max_size=100))
def test_any_text_can_be_masked(text: str) -> None:
    assert set(mask(text, DEFAULT_KINDS)[1]) == set(DEFAULT_KINDS)


def test_an_unknown_kind_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no kind of personal data fax; known: email, ipv4"):
        mask("", ("fax",))


@pytest.mark.skipif(bool(find_spec("phonenumbers")), reason="phonenumbers is installed")
def test_telephones_without_the_library_are_an_error_that_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match="phonenumbers"):
        personal_annotator("personal", ("phone",))


@needs_phonenumbers
def test_telephone_numbers_are_valid_ones() -> None:
    text = "call +49 30 901820 or (650) 253-0000, not +49 1 or 2024-01-01"
    assert mask(text, ("phone",)) == ("call +00 000 0000 or (650) 253-0000, not +49 1 or 2024-01-01", {"phone": 1})
    assert mask(text, ("phone",), region="US")[1] == {"phone": 2}


@needs_phonenumbers
def test_an_unknown_region_is_an_error_that_says_what_to_give() -> None:
    with pytest.raises(ConfigError, match="two capital letters"):
        personal_annotator("personal", ("phone",), region="usa")
