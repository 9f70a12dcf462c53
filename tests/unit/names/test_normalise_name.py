import pytest

from icustomer.core.model import NormalName, RawName
from icustomer.core.names import normalise_name


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("José-María", ("jose", "maria")),
        ("J.R.", ("j", "r")),
        ("D'Andre", ("dandre",)),
        ("D\u2019Andre", ("dandre",)),
        ("Łukasz", ("lukasz",)),
        ("Strauß", ("strauss",)),
        ("\ufb01ona", ("fiona",)),
        ("I\u0307brahim", ("ibrahim",)),
        ("Анна-Мария", ("анна", "мария")),
        ("Сергей", ("сергеи",)),
        ("أَحْمَد", ("احمد",)),
        ("علی\u200cی", ("علیی",)),
        ("太郎", ("太郎",)),
        ("ガブリエル", ("ガブリエル",)),
        ("철수", ("철수",)),
        ("नीरज", ("नीरज",)),
        ("สมชาย", ("สมชาย",)),
        ("Anna & Peter", ("anna", "peter")),
        ("Anna Anna", ("anna",)),
        ("N1cole", ("n1cole",)),
        ("Mr. Jeffrey", ("jeffrey",)),
        ("Prof. Dr. Judith", ("judith",)),
        ("Md", ("md",)),
        ("Mrs.", ()),
        ("007", ()),
        ("--", ()),
        ("\ud800\x00", ()),
        ("", ()),
    ],
)
def test_given_name_is_cut_into_folded_parts(written, parts):
    assert normalise_name(RawName(given=written)) == NormalName(given=parts)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("John Smith", NormalName(other=("john", "smith"))),
        ("Smith, John", NormalName(given=("john",), family=("smith",))),
        ("Dr. Smith, John Paul", NormalName(given=("john", "paul"), family=("smith",))),
        ("John Smith, Jr.", NormalName(other=("john", "smith", "jr."))),
        ("John Smith, Ph.D.", NormalName(given=("phd",), family=("john", "smith"))),
        ("King, Martin Luther, Jr.", NormalName(("martin", "luther"), ("king",), ("jr.",))),
        ("John Smith III", NormalName(other=("john", "smith", "iii."))),
        ("Sr. García", NormalName(other=("garcia",))),
        ("Jr.", NormalName()),
        ("Smith,", NormalName(other=("smith",))),
        ("12345", NormalName()),
    ],
)
def test_full_name_is_told_apart_only_by_a_comma(written, expected):
    assert normalise_name(RawName(full=written)) == expected


def test_full_name_adds_only_what_is_missing():
    assert normalise_name(RawName("John", "Smith", "Smith, Jim")) == NormalName(
        ("john",), ("smith",)
    )
    assert normalise_name(RawName(None, "Smith", "John Smith")) == NormalName(
        (), ("smith",), ("john",)
    )
    assert normalise_name(RawName("Mr", "-", "John Smith")) == NormalName(other=("john", "smith"))
    assert normalise_name(RawName()) == NormalName()
