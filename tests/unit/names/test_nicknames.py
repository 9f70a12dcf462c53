import pytest

from icustomer.core.model import NormalName, RawName
from icustomer.core.names import normalise_name
from icustomer.core.nicknames import full_names, share_a_full_name


def test_tables_write_names_as_they_are_compared():
    for written in full_names():
        assert normalise_name(RawName(given=written)) == NormalName(given=(written,))


def test_tables_are_there_in_every_language():
    languages = {full.partition(":")[0] for fulls in full_names().values() for full in fulls}
    assert languages == {"de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru", "spellings"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bill", "william"),
        ("beppe", "giuseppe"),
        ("ze", "jose"),
        ("kuba", "jakub"),
        ("cees", "kees"),
    ],
)
def test_short_forms_share_a_full_name(one, other):
    assert share_a_full_name(one, other)
    assert share_a_full_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("aaron", "ronald"),
        ("andrea", "andrew"),
        ("emily", "emma"),
        ("louis", "louise"),
        ("lisa", "elizabeth"),
        ("unheard", "unheard-of"),
    ],
)
def test_names_of_two_people_in_one_family_share_none(one, other):
    assert not share_a_full_name(one, other)
