"""Which rules hold stands in the claim, and whoever has others is told in one line."""

from __future__ import annotations

import pytest

from icustomer.activation import Activation, activation_of, check_rules, stamped
from icustomer.core.rules import DEFAULT_RULES
from icustomer.errors import OtherRulesError
from icustomer.store.fence import ok_fence, parse_fence
from icustomer.store.port import Claim

ACTIVE = Activation("0123456789abcdef", 7)
CLAIM = Claim(9, stamped("0011.2233", ACTIVE))


def test_a_claim_tells_which_rules_hold_and_since_when():
    assert activation_of(CLAIM) == ACTIVE


def test_the_fence_in_the_store_tells_it_too():
    fence = parse_fence(ok_fence("run.history", CLAIM).raw)
    assert fence is not None
    assert activation_of(fence.claim) == ACTIVE


def test_a_claim_of_an_earlier_release_stands_for_the_built_in_rules():
    check_rules(Claim(3, "0011.2233"), DEFAULT_RULES.fingerprint)


def test_in_an_empty_space_any_rules_may_hold():
    check_rules(None, ACTIVE.fingerprint)


def test_other_rules_are_refused_in_one_line_that_names_both_and_the_remedy():
    with pytest.raises(OtherRulesError) as refused:
        check_rules(CLAIM, "fedcba9876543210")
    told = str(refused.value)
    assert "\n" not in told
    assert "ICUSTOMER_RULES" in told
    assert ACTIVE.fingerprint in told
    assert "fedcba9876543210" in told
    assert "icustomer rules show" in told
