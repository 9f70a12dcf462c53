"""Explanations in sentences: sections of entries, the same for the terminal and for pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from icustomer.contracts.explanation import (
    Change,
    Claim,
    CustomerExplanation,
    Join,
    Obstacle,
    PairExplanation,
    Shared,
    Waiting,
    Word,
)
from icustomer.explanation.sentences import (
    counted,
    derived,
    exceeding,
    listed,
    marked,
    stated,
    time,
    underived,
    what,
)
from icustomer.explanation.subject import name_text

JOINED: Mapping[str, str] = {
    "must_link": "a person said so",
    "identifier": "both state {what}",
    "follows": "one has no name, and {what} leads to this customer alone",
    "nameless": "neither has a name, and nobody named claims {what}",
}
REFUSED: Mapping[str, str] = {
    "cannot_link": "a person said that they are two",
    "names": "{what} would join them, but {names} cannot be one person's names",
    "limit": "{what} would join them, but together they would hold more than a customer may",
    "nameless": "both state {what}, but on one side without a name, which is no bridge",
    "shared": "both state {what}, which belongs to many and joins nobody",
    "blocked": "both state {what}, which is not used: it is on a list of the rules",
    "placeholder": "both state {what}, which is not used: it is on the list of placeholder values",
    "never": "both state {what}, but the rules never match by its kind",
    "unknown_kind": "both state {what}, but the rules do not know its kind",
    "only_derived": "both state {what}, but only the rules make identifiers of its kind",
    "unverified": "both state {what}, which joins only where it was verified",
    "rules_changed": "the rules in force would join them, but they were not applied yet",
    "no_common_identifier": "they have no identifier in common",
}
CHANGED: Mapping[str, str] = {
    "created": "{who} was created",
    "merged": "{others} merged into {who}",
    "split": "{who} parted into {others}",
    "claimed": "the guest {who} became a customer",
    "erased": "{who} was erased",
    "identifier_shared": "{what} turned out to belong to many",
    "identifier_unshared": "a person said that {what} does not belong to many",
    "merge_refused": "{what} did not join {who} and {others}",
    "suspicious": "{who} looked suspicious",
}
SAID: Mapping[str, str] = {
    "merge": "merge",
    "split": "split",
    "undone": "a merge, undone by a later split",
}
STALE = "The rules in force would put these claims together otherwise: they changed since."


class Entry(Struct, frozen=True):
    """One thing, and what is to be told of it."""

    headline: str
    details: tuple[str, ...] = ()


class Section(Struct, frozen=True):
    """A title and what stands under it."""

    title: str
    entries: tuple[Entry, ...] = ()


def headline(explanation: CustomerExplanation | PairExplanation) -> str:
    """The answer in one sentence."""
    if isinstance(explanation, CustomerExplanation):
        own = sum(each.customer_id == explanation.customer_id for each in explanation.claims)
        who = f"{explanation.customer_id} ({explanation.status})"
        return f"{who} is made of {counted(own, 'claim')}"
    if explanation.one:
        return f"{listed(explanation.asked)} are one customer, {explanation.customer_ids[0]}"
    mine, yours = (
        text if text == customer_id else f"{text} ({customer_id})"
        for text, customer_id in zip(explanation.asked, explanation.customer_ids, strict=True)
    )
    return f"{mine} and {yours} are two customers"


def sections(explanation: CustomerExplanation | PairExplanation) -> list[Section]:
    """All that there is to tell, without sections that would be empty."""
    told = (
        _of_customer(explanation)
        if isinstance(explanation, CustomerExplanation)
        else _of_pair(explanation)
    )
    found = [section for section in told if section.entries]
    if not explanation.current:
        found.insert(0, Section("Mind", (Entry(STALE),)))
    return found


def _of_customer(told: CustomerExplanation) -> Iterator[Section]:
    yield Section("Claims", tuple(map(_claim, told.claims)))
    yield Section("What joined them", tuple(map(_join, told.joins)))
    yield Section("Who was kept apart, and why", tuple(map(_obstacle, told.refused)))
    yield Section("Identifiers that belong to many", tuple(map(_shared, told.shared)))
    yield Section("Claims that wait for evidence", tuple(map(_waiting, told.unresolved)))
    yield Section("What persons said", tuple(map(_word, told.commands)))
    yield Section(
        "IDs that lead here",
        tuple(Entry(f"{each.customer_id}, into {each.merged_into}") for each in told.redirects),
    )
    title = "History" if told.history_complete else "History (older entries may be forgotten)"
    yield Section(title, tuple(map(_change, told.history)))


def _of_pair(told: PairExplanation) -> Iterator[Section]:
    chain = tuple(map(_join, told.chain))
    if told.one and not told.current and not chain and len(told.claims) > 1:
        chain = (Entry("the rules in force would not join them: they were one before"),)
    yield Section("The chain between them", chain)
    yield Section("What stands between them", tuple(map(_obstacle, told.between)))
    yield Section("Claims", tuple(map(_claim, told.claims)))


# -- entries -------------------------------------------------------------------------------


def _claim(claim: Claim) -> Entry:
    born = f", born {claim.birth_date}" if claim.birth_date else ""
    owner = "" if claim.customer_id else " (nobody's for now)"
    return Entry(
        f"{claim.number}. {name_text(claim.name)}{born}{owner}",
        tuple(_claim_details(claim)),
    )


def _claim_details(claim: Claim) -> Iterator[str]:
    yield from map(stated, claim.identifiers)
    yield from map(derived, claim.derived)
    yield from (underived(each.kind, each.not_used) for each in claim.underived)
    founded, sources = claim.founded_by, listed(claim.sources)
    recorded = time(claim.founded_at)
    yield f"first told by {founded.source}, event {founded.event_id}, recorded {recorded}"
    yield f"seen {time(claim.first_seen)} to {time(claim.last_seen)}, told by {sources}"
    if claim.ids:
        yield f"on it hangs {listed(claim.ids)}"


def _join(join: Join) -> Entry:
    one, other = join.claims
    reason = JOINED[join.rule].format(what=what(join.identifier))
    proved = ", verified in both" if join.verified else ""
    return Entry(f"{one} and {other}: {reason}{proved}", (_since(join),))


def _since(join: Join) -> str:
    if join.rule == "must_link":
        return f"command {join.told.event_id}, given {time(join.at)}"
    return f"since event {join.told.event_id} of {join.told.source}, recorded {time(join.at)}"


def _obstacle(obstacle: Obstacle) -> Entry:
    names = " and ".join(f'"{name}"' for name in obstacle.names or ())
    reason = REFUSED[obstacle.reason].format(what=what(obstacle.identifier), names=names)
    return Entry(f"{obstacle.customer_id}: {reason}", tuple(_obstacle_details(obstacle)))


def _obstacle_details(obstacle: Obstacle) -> Iterator[str]:
    if obstacle.command:
        if obstacle.identifier:
            yield f"both state {what(obstacle.identifier)}"
        yield said(obstacle.command)
    if obstacle.limit:
        yield from exceeding(obstacle.limit)
    if obstacle.mark:
        yield from marked(obstacle.mark)
    if obstacle.not_used and obstacle.not_used.reason:
        value = f"{obstacle.not_used.value}: " if obstacle.not_used.value else ""
        yield f"{value}{obstacle.not_used.reason}"


def _shared(shared: Shared) -> Entry:
    return Entry(what(shared.identifier), tuple(marked(shared)))


def _waiting(waiting: Waiting) -> Entry:
    return Entry(f"claim {waiting.claim} might belong to {listed(waiting.leads_to)}")


def _word(word: Word) -> Entry:
    return Entry(said(word))


def said(word: Word) -> str:
    """A command, and where to read who gave it and why."""
    named = f" of {listed(word.customer_ids)}" if word.customer_ids else ""
    return f"{SAID[word.command]}{named}: command {word.event_id}, given {time(word.at)}"


def _change(change: Change) -> Entry:
    sentence = CHANGED[change.type].format(
        who=change.customer_id, others=listed(change.others), what=what(change.identifier)
    )
    by = [f"event {change.event_id}"] if change.event_id else []
    by += (
        [what(change.identifier)]
        if change.identifier and "{what}" not in CHANGED[change.type]
        else []
    )
    by += [f"rule {change.rule}"] if change.rule else []
    return Entry(f"{time(change.at)}  {sentence}", (", ".join(by),) if by else ())
