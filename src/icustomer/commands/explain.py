"""`icustomer explain`: how a customer was put together, or why two are one or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path

from icustomer.commands.clients import read_groups, redis_store
from icustomer.commands.files import write_file
from icustomer.commands.finding import (
    TRIES,
    Carrying,
    Found,
    Named,
    ReadGroups,
    find,
    parse_target,
)
from icustomer.commands.hubs import HubReader
from icustomer.commands.output import people_console, print_json, tell
from icustomer.contracts.explanation import CustomerExplanation, PairExplanation
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.errors import UnavailableError
from icustomer.explanation.customer import explain_customer
from icustomer.explanation.pair import End, explain_pair
from icustomer.explanation.picture import beneath, picture
from icustomer.explanation.subject import Evidence
from icustomer.explanation.svg import svg
from icustomer.explanation.text import print_explanation
from icustomer.settings import Settings
from icustomer.store.port import Store

Told = Sequence[CustomerExplanation | PairExplanation]


async def explain(
    settings: Settings,
    whom: Sequence[str],
    country: str | None,
    drawing: Path | None,
    *,
    as_json: bool,
) -> bool:
    """Explain the one customer, or the two, that are named; False if one is not there.

    `drawing`: a file to draw it in.
    """
    rules = load_rules(settings.rules)
    targets = [parse_target(text, country, rules) for text in whom]
    keyring = Keyring(settings.secret())
    async with redis_store(settings, keyring, rules) as store:
        reader = Reader(store, partial(read_groups, settings), keyring, rules)
        told: Told = (
            await reader.pairs(whom, targets)
            if len(targets) > 1
            else await reader.customers(whom[0], targets[0])
        )
        absent = [] if told else await reader.absent(whom, targets) or whom
    if told and drawing:
        write_file(drawing, svg(beneath([picture(each) for each in told])))
    _answer(told, absent, as_json=as_json)
    return bool(told)


class Reader:
    """Finds customers and explains them, each once."""

    def __init__(self, store: Store, groups: ReadGroups, keyring: Keyring, rules: Rules) -> None:
        self._store = store
        self._groups = groups
        self._keyring = keyring
        self._rules = rules
        self._hubs = HubReader(store, groups, keyring, rules)
        self._evidence: dict[tuple[bytes, int, str], Evidence] = {}

    async def customers(self, asked: str, target: Named | Carrying) -> list[CustomerExplanation]:
        """Of all whom the target leads to, oldest first."""
        return [
            explain_customer(await self._evidence_of(each), each.customer, asked)
            for each in await self._find(target)
        ]

    async def pairs(
        self, asked: Sequence[str], targets: Sequence[Named | Carrying]
    ) -> list[PairExplanation]:
        """Of each one whom the first leads to with each whom the second leads to."""
        for _ in range(TRIES):
            found = [await self._find(target) for target in targets]
            if _is_one_moment([each for some in found for each in some]):
                ones, others = [
                    [await self._end(text, target, each) for each in some]
                    for text, target, some in zip(asked, targets, found, strict=True)
                ]
                return [explain_pair(one, other) for one, other in product(ones, others)]
        raise UnavailableError("workers keep changing what is looked for: try again")

    async def absent(self, asked: Sequence[str], targets: Sequence[Named | Carrying]) -> list[str]:
        """What was asked for and leads to nobody."""
        return [
            text
            for text, target in zip(asked, targets, strict=True)
            if not await self._find(target)
        ]

    async def _find(self, target: Named | Carrying) -> list[Found]:
        return await find(self._store, self._groups, self._keyring, target)

    async def _evidence_of(self, found: Found) -> Evidence:
        moment = found.group.id, found.group.version, found.customer.id
        if moment not in self._evidence:
            hubs = await self._hubs.of(found)
            self._evidence[moment] = Evidence(found.group, self._rules, self._keyring, hubs)
        return self._evidence[moment]

    async def _end(self, asked: str, target: Named | Carrying, found: Found) -> End:
        evidence = await self._evidence_of(found)
        return End(asked, evidence, found.customer, tuple(_meant(evidence, target, found)))


def _is_one_moment(found: Sequence[Found]) -> bool:
    """Whether no group was read twice with a change in between."""
    versions = {(each.group.id, each.group.version) for each in found}
    return len({group_id for group_id, _ in versions}) == len(versions)


def _meant(evidence: Evidence, target: Named | Carrying, found: Found) -> Iterator[bytes]:
    """The facets that the target names: where the ID hangs, or what carries the identifier."""
    if isinstance(target, Named):
        group = found.group
        anchors = {each.id: each.anchor for each in group.retired}
        anchors |= {each.id: each.anchor for each in group.customers}
        yield anchors[target.customer_id]
        return
    for key in found.customer.facets:
        if any((each.kind, each.value) == target for each in evidence.facets[key].identifiers):
            yield key


def _answer(told: Told, absent: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        documents = [each.model_dump(mode="json") for each in told]
        answer = documents if len(documents) > 1 else documents[0] if documents else None
        print_json(answer or {"error": "not_found"})
        return
    if not told:
        tell(f"not found: no customer has {' nor '.join(absent)}")
    console = people_console()
    for number, each in enumerate(told):
        if number:
            console.rule()
        print_explanation(each, console)
