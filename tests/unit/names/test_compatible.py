import pytest

from icustomer.core.model import NormalName, RawName
from icustomer.core.names import compatible, largest_incompatible, normalise_name


def name(given=None, family=None, full=None):
    return normalise_name(RawName(given, family, full))


def judged(first, second):
    assert compatible(first, second) == compatible(second, first)
    return compatible(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna", "ANNA"),
        ("A.", "Anna"),
        ("Rob", "Robinson"),
        ("Bob", "Robert"),
        ("Liz", "Elizabeth"),
        ("Betty", "Liz"),
        ("Hans", "Johannes"),
        ("Paco", "Francisco"),
        ("Саша", "Александр"),
        ("Gosia", "Małgorzata"),
        ("Nicole", "N1cole"),
        ("Anna Maria", "Maria"),
        ("Anna M.", "Anna Maria"),
        ("Catherine", "Katarzyna"),
        ("Сергей", "Serhii"),
    ],
)
def test_given_names_that_one_person_may_bear(one, other):
    assert judged(name(one, "Ngugi"), name(other, "Okafor"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna", "Peter"),
        ("Emma", "Emily"),
        ("Maria", "Mario"),
        ("Anna", "Hanna"),
        ("Paul", "Paula"),
        ("Tim", "Tom"),
        ("María José", "María Teresa"),
        ("Ro", "Ulf"),
        ("Aaron", "Ronald"),
        ("Jo", "Xa"),
        ("B.", "Anna"),
        ("Анна", "Петр"),
    ],
)
def test_given_names_of_two_people_are_incompatible_whatever_the_family(one, other):
    assert not judged(name(one, "Ngugi"), name(other, "Ngugi"))


def test_given_and_family_name_may_be_exchanged():
    assert judged(name("Wei", "Zhang"), name("Zhang", "Wei"))
    assert not judged(name("Wei", "Zhang"), name("Zhang", "Min"))
    assert not judged(name("Wei", ""), name("Zhang", "Wei"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (name(full="John Smith"), name(full="Smith, John")),
        (name(full="John Smith"), name("John", "Smith")),
        (name(full="John Smith"), name(full="J Smith")),
        (name(full="John Adam Smith"), name(full="Jon Smith")),
        (name(full="Bob Smith"), name(full="Robert Smith")),
        (name(full="Smith"), name("John", "Smith")),
        (name(family="Smith"), name(family="Smith")),
        (name(full="山田 太郎"), name(full="太郎 山田")),
        (NormalName(), name(full="John Smith")),
        (name("Mrs."), name("John", "Smith")),
        (name("Mrs.", "Smith"), name("John", "Smith")),
    ],
)
def test_more_than_half_of_the_shorter_name_must_be_in_the_longer(one, other):
    assert judged(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (name(full="John Smith"), name(full="Mary Smith")),
        (name(full="John Smith"), name("Mary", "Smith")),
        (name(full="Maria Smith"), name(full="Mario Jones")),
        (name(full="Rob Smith"), name(full="Robinson Jones")),
        (name("John"), name(family="Smith")),
        (name("Mrs.", "Jones"), name("John", "Smith")),
        (name(full="山田太郎"), name(full="山田花子")),
    ],
)
def test_half_of_the_parts_is_not_enough(one, other):
    assert not judged(one, other)


def test_equal_length_needs_only_one_direction():
    one = NormalName(other=("a", "xu", "yo"))
    other = NormalName(other=("ann", "anke", "zed"))
    assert judged(one, other)


def test_similarity_bound_is_inclusive():
    assert judged(name("Zhomas"), name("Zobias"))  # exactly .80
    assert not judged(name("Martha"), name("Maxine"))


def test_three_letters_stand_for_a_name_of_any_length_and_two_do_not():
    assert judged(name("Ann"), name("Annabellaelisabethmaria"))
    assert not judged(name("Jo"), name("Josephinamaria"))


def test_largest_incompatible_counts_people_not_spellings():
    names = [name("Robert"), name("Bob"), name("Rob"), name("Anna"), name("Peter"), name("")]
    assert largest_incompatible(names, 10) == 3
    assert largest_incompatible(names, 1) > 1
    assert largest_incompatible([], 3) == 0
    assert largest_incompatible([NormalName(), NormalName()], 3) == 1
