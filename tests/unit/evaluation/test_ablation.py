"""What each rule contributes and costs."""

import pytest
from msgspec.structs import replace

from icustomer.core.blocking import Blocked
from icustomer.core.rules import DEFAULT_RULES, KindRule, Match, Rules
from icustomer.evaluation.ablation import UNLIMITED, effects, switches
from icustomer.evaluation.evaluate import evaluate_file, with_effects
from icustomer.evaluation.figures import figures
from icustomer.evaluation.pairs import Pairs
from unit.evaluation.samples import FAMILY, KEYRING, PHONE, event, judged


def effect(found, name):
    return next(each for each in found if each.name == name)


def measured(tmp_path, events, rules=DEFAULT_RULES):
    evaluation = judged(tmp_path, events, rules)
    path = tmp_path / "events.jsonl"
    return with_effects(evaluation, path, "who", rules, KEYRING)


def test_the_veto_spares_a_family_its_wrong_pairs(tmp_path):
    veto = effect(measured(tmp_path, FAMILY).effects, "veto of phone")
    assert (veto.true_pairs, veto.false_pairs) == (0, -4)
    assert veto.without == Pairs(2, 4, 0)


def test_a_kind_contributes_the_pairs_that_only_it_joins(tmp_path):
    events = [
        event("a", "Ann Smith", email="a@x.example"),
        event("a", "Ann Smith", email="a@x.example", phone=PHONE),
        event("a", "Ann Smith", phone=PHONE),
    ]
    found = measured(tmp_path, events).effects
    assert effect(found, "kind email").true_pairs == 2
    assert effect(found, "kind phone").true_pairs == 2
    assert effect(found, "kind account").true_pairs == 0


def test_the_limit_by_names_spares_what_a_role_mailbox_would_join(tmp_path):
    events = [
        event(given, f"{given} Smith", email="info@x.example")
        for given in ("Ann", "Bob", "Zoe", "Uwe")
    ]
    found = measured(tmp_path, events).effects
    assert effect(found, "limits by names").false_pairs == -6
    assert effect(found, "all limits").false_pairs == -6
    assert effect(found, "max_linked").false_pairs == 0


def test_the_placeholders_spare_what_a_testers_mailbox_would_join(tmp_path):
    events = [event(given, f"{given} Smith", email="test@test.com") for given in ("Ann", "Bob")]
    found = measured(tmp_path, events).effects
    assert effect(found, "placeholders").false_pairs == -1


def test_every_rule_that_is_on_is_switched_off_once_and_alone():
    rules = Rules(
        kinds={
            "account": KindRule(match=Match.NEVER),
            "email": KindRule(match=Match.VERIFIED),
            "phone": KindRule(veto=True),
        },
        blocked=frozenset([Blocked("phone", "x")]),
    )
    found = {each.name: each.without for each in switches(rules)}
    assert "kind account" not in found
    assert found["verified email"].kinds["email"].match is Match.ALWAYS
    assert found["kind phone"].kinds["phone"].match is Match.NEVER
    assert not found["veto of phone"].kinds["phone"].veto
    assert found["block list"].blocked == frozenset()
    assert found["placeholders"] == replace(rules, placeholders=())
    assert found["max_linked"].kinds["email"].max_linked == UNLIMITED
    assert found["max_linked"].kinds["email"].match is Match.VERIFIED
    assert found["max_facets"] == replace(rules, max_facets=UNLIMITED)
    assert all(without != rules for without in found.values())
    assert len(set(found)) == len(switches(rules))


def test_effects_are_differences_to_the_whole_policy():
    (found,) = effects(switches(DEFAULT_RULES)[:1], Pairs(5, 1, 0), lambda _: Pairs(3, 4, 2))
    assert (found.true_pairs, found.false_pairs) == (2, -3)


@pytest.mark.parametrize("asked", [True, False])
def test_rules_are_told_only_if_asked_for(tmp_path, asked):
    judged(tmp_path, FAMILY)
    evaluation = evaluate_file(tmp_path / "events.jsonl", "who", DEFAULT_RULES, KEYRING)
    told = figures(measured(tmp_path, FAMILY) if asked else evaluation)
    assert ("rules" in told) is asked
