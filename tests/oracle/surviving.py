"""Which of several values a profile shows: said again, over observations and claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from icustomer.core.model import NormalName, RawName
from icustomer.core.observation import Observation
from icustomer.core.rules import Rules
from oracle.evidence import Claim


def stamp(observation: Observation) -> tuple[int, str]:
    return observation.occurred_at, observation.event_id


def _latest(claim: Claim) -> Observation:
    return max(claim.observations, key=stamp)


def _proved(claim: Claim) -> bool:
    return bool(claim.verified)


def _trust(claim: Claim, rules: Rules) -> int:
    return max(rules.trust.get(told.source, 0) for told in claim.observations)


def _best(claims: Sequence[Claim], choice: str, rules: Rules) -> Claim:
    """The best claims by the choice; among them the latest."""
    if choice == "source_order":
        most = max(_trust(claim, rules) for claim in claims)
        claims = [claim for claim in claims if _trust(claim, rules) == most]
    elif choice == "verified_first":
        claims = [claim for claim in claims if _proved(claim)] or claims
    elif choice == "most_events":
        events: dict[NormalName, int] = defaultdict(int)
        for claim in claims:
            events[claim.name] += len({told.event_id for told in claim.observations})
        most = max(events.values())
        claims = [claim for claim in claims if events[claim.name] == most]
    return max(claims, key=lambda claim: (stamp(_latest(claim)), claim.key))


def name_shown(claims: Iterable[Claim], rules: Rules) -> RawName | None:
    named = [claim for claim in claims if claim.named]
    return _latest(_best(named, rules.survivorship.name, rules)).raw_name if named else None


def birth_date_shown(claims: Iterable[Claim], rules: Rules) -> str | None:
    born = [claim for claim in claims if claim.birth_date]
    return _best(born, rules.survivorship.birth_date, rules).birth_date if born else None


def cells_shown(claims: Iterable[Claim], rules: Rules) -> dict[str, tuple[Any, int, str]]:
    """Attribute to value, time and source of the observation whose word is shown."""
    told: dict[str, list[tuple[Observation, Claim]]] = defaultdict(list)
    for claim in claims:
        for observation in claim.observations:
            for attribute in observation.cells:
                told[attribute].append((observation, claim))
    shown = {}
    for attribute, everything in told.items():
        pairs = everything
        choice = _choice(attribute, rules)
        if choice == "source_order":
            most = max(rules.trust.get(told.source, 0) for told, _ in pairs)
            pairs = [pair for pair in pairs if rules.trust.get(pair[0].source, 0) == most]
        elif choice == "verified_first":
            pairs = [pair for pair in pairs if _proved(pair[1])] or pairs
        latest = max((told for told, _ in pairs), key=stamp)
        at = latest.occurred_at
        if attribute.startswith("address:"):
            value = latest.cells[attribute]
            at = max(o.occurred_at for o, _ in everything if o.cells[attribute] == value)
        shown[attribute] = (latest.cells[attribute], at, latest.source)
    return shown


def _choice(attribute: str, rules: Rules) -> str:
    surviving = rules.survivorship
    return {
        "address": surviving.address,
        "locale": surviving.locale,
        "preference": surviving.preferences,
        "consent": surviving.consents,
        "loyalty": surviving.loyalty,
    }[attribute.partition(":")[0]]
