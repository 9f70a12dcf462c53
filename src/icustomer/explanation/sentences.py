"""Words for identifiers: what they are, how they are stated, and why some join nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from icustomer.contracts.explained_identifiers import (
    ClaimedIdentifier,
    DerivedIdentifier,
    Figures,
    KnownIdentifier,
    Limit,
    Mark,
    NotUsed,
)

SECONDS = 19
"""Characters of `2026-11-27T09:30:05`."""
UNUSED: Mapping[str, str] = {
    "placeholder": "on the list of placeholder values",
    "blocked": "on a list of the rules",
    "never": "the rules never match by its kind",
    "unknown_kind": "the rules do not know its kind",
    "only_derived": "only the rules make identifiers of its kind",
    "unverified": "its kind joins only where it was verified",
    "too_many": "the claim would make too many of them",
}
MARKED: Mapping[str, str] = {
    "max_names": "more than {limit} people whose names are incompatible state it",
    "max_distinct_names": "more than {limit} different names stand beside it",
    "max_linked": "more than {limit} identifiers of one other kind stand beside it",
    "max_facets": "more than {limit} claims state it",
    "contested": "incompatible names state it, and it stands beside what is shared or beside more "
    "than {limit} like it",
    "max_group": "it tied together more than {limit} claims",
}
FORGOTTEN = "which limit it exceeded is not remembered"


def what(identifier: KnownIdentifier | None) -> str:
    """An identifier; by its digest if nothing states its value any more."""
    if identifier is None:
        return "an identifier"
    if identifier.parts:
        made_of = ", ".join(f"{each.part} {each.value}" for each in identifier.parts)
        return f"{identifier.kind} ({made_of})"
    return f"{identifier.kind} {identifier.value or identifier.digest}"


def stated(identifier: ClaimedIdentifier) -> str:
    """An identifier as a claim states it, and what is remarkable about it."""
    written = identifier.written
    canonical = f", compared as {identifier.value}" if written != identifier.value else ""
    extension = f" ext. {identifier.extension}" if identifier.extension else ""
    remarks = ["verified"] if identifier.verified else []
    remarks += [identifier.use] if identifier.use in {"shared", "contested"} else []
    remarks += [f"not used: {unused(identifier.not_used)}"] if identifier.not_used else []
    remark = f" ({', '.join(remarks)})" if remarks else ""
    return f"{identifier.kind} {written}{extension}{canonical}{remark}"


def derived(identifier: DerivedIdentifier) -> str:
    """What the rules make of several fields of a claim."""
    remark = "" if identifier.use == "match" else f" ({identifier.use})"
    return f"makes {what(identifier)}{remark}"


def underived(kind: str, reason: NotUsed) -> str:
    """What they do not make, and why."""
    value = f"{reason.value} is " if reason.value else ""
    return f"makes no {kind}: {value}{unused(reason)}"


def unused(reason: NotUsed) -> str:
    """Why something joins nobody."""
    because = f", reason: {reason.reason}" if reason.reason else ""
    return f"{UNUSED[reason.because]}{because}"


def exceeding(limit: Limit) -> Iterator[str]:
    """Which values would come together, and how many there may be."""
    mine, yours = (listed([what(each) for each in side]) for side in (limit.mine, limit.yours))
    together = len({each.digest for each in (*limit.mine, *limit.yours)})
    yield f"a customer has {limit.most} of kind {limit.kind} at most; that would be {together}"
    yield f"on one side {mine}"
    yield f"on the other {yours}"


def marked(mark: Mark) -> Iterator[str]:
    """Which limit, what was seen, and since when."""
    yield MARKED.get(mark.rule or "", FORGOTTEN).format(limit=mark.limit)
    yield seen(mark.figures)
    if mark.at:
        yield f"since event {mark.event_id}, recorded {time(mark.at)}"


def seen(figures: Figures) -> str:
    """What was seen with a shared identifier."""
    least = "" if figures.complete else "at least "
    beside = [f"{count} of kind {kind}" for kind, count in figures.linked.items()]
    return (
        f"stated by {least}{counted(figures.customers, 'customer')} "
        f"in {counted(figures.claims, 'claim')} under {counted(figures.names, 'name')}, "
        f"{figures.incompatible_names} of them incompatible; beside it {listed(beside, 'nothing')}"
    )


def counted(number: int, noun: str) -> str:
    """`1 claim`, `2 claims`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def time(text: str) -> str:
    """To the second, in UTC."""
    return f"{text[:SECONDS].replace('T', ' ')} UTC"


def listed(words: Sequence[str], none: str = "nobody") -> str:
    """`a, b and c`."""
    *others, last = words or (none,)
    return f"{', '.join(others)} and {last}" if others else last
