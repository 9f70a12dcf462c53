"""What a report tells, section by section, whatever it is written as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from icustomer.evaluation.ablation import Effect
from icustomer.evaluation.bcubed import BCubed
from icustomer.evaluation.evaluate import Evaluation
from icustomer.evaluation.mistakes import FalseMerge, Miss, Mistakes
from icustomer.evaluation.pairs import Pairs
from icustomer.evaluation.sources import BySource

FEWEST_SOURCES = 2
"""Figures by source tell nothing new where there is only one."""


class Grid(Struct, frozen=True):
    """A table: the first column names what the others count."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Entry(Struct, frozen=True):
    """One mistake and the reasons for it."""

    headline: str
    reasons: tuple[str, ...]


class Section(Struct, frozen=True):
    """A heading and what stands under it."""

    title: str
    grid: Grid | None = None
    entries: tuple[Entry, ...] = ()
    remark: str = ""
    """How the figures are to be read."""


def headline(evaluation: Evaluation) -> str:
    """The counts, in one line."""
    counts = (
        (evaluation.records, "records"),
        (evaluation.people, "people"),
        (evaluation.customers, "customers found"),
        (evaluation.unresolved, "unresolved"),
        (evaluation.refused, "refused"),
    )
    return ", ".join(f"{count:,} {noun}" for count, noun in counts)


def sections(evaluation: Evaluation) -> Iterator[Section]:
    """The sections of the report, in order."""
    yield _figures(evaluation)
    if len(evaluation.sources.within) >= FEWEST_SOURCES:
        yield from _sources(evaluation.sources)
    if evaluation.effects:
        yield _rules(evaluation)
    yield from _mistakes(evaluation.mistakes)


def share(value: float) -> str:
    """A share with three digits; only what is whole is written as 1.000."""
    return "0.999+" if 0.9995 <= value < 1 else f"{value:.3f}"  # noqa: PLR2004 - rounds to 1.000


def shares(what: Pairs | BCubed) -> tuple[str, str, str]:
    """Precision, recall and F1."""
    return share(what.precision), share(what.recall), share(what.f1)


def _figures(evaluation: Evaluation) -> Section:
    pairs, plain = evaluation.pairs, evaluation.plain
    ours = (*shares(pairs), *shares(evaluation.bcubed), *_counts(pairs))
    theirs = (*shares(plain), *shares(evaluation.plain_bcubed), *_counts(plain))
    titles = (
        *("precision of pairs", "recall of pairs", "F1 of pairs"),
        *("B-cubed precision", "B-cubed recall", "B-cubed F1"),
        *("pairs joined rightly", "pairs joined wrongly", "pairs missed"),
    )
    return Section(
        "Figures",
        Grid(("", "icustomer", "plain"), tuple(zip(titles, ours, theirs, strict=True))),
        remark="plain: connected components of e-mail and telephone, without rules",
    )


def _counts(pairs: Pairs) -> tuple[str, ...]:
    counts = (pairs.true_pairs, pairs.false_pairs, pairs.missed_pairs)
    return tuple(f"{count:,}" for count in counts)


def _sources(sources: BySource) -> Iterator[Section]:
    within = [(each.source, f"{each.records:,}", *shares(each.pairs)) for each in sources.within]
    across = [
        (" - ".join(each.sources), *shares(each.pairs), f"{each.pairs.false_pairs:,}")
        for each in sources.across
    ]
    names = ("precision", "recall", "F1")
    yield Section("Within each source", Grid(("source", "records", *names), tuple(within)))
    yield Section("Across sources", Grid(("sources", *names, "wrong pairs"), tuple(across)))


def _rules(evaluation: Evaluation) -> Section:
    return Section(
        "What each rule does",
        Grid(
            ("rule", "precision", "recall", "F1", "right pairs", "wrong pairs"),
            (
                ("all rules", *shares(evaluation.pairs), "", ""),
                *(_rule(effect) for effect in evaluation.effects),
            ),
        ),
        remark="precision, recall and F1 without the rule; then the pairs that there are more (+) "
        "or fewer (-) because of it",
    )


def _rule(effect: Effect) -> tuple[str, ...]:
    changes = (effect.true_pairs, effect.false_pairs)
    return (effect.name, *shares(effect.without), *(f"{change:+,}" for change in changes))


def _mistakes(mistakes: Mistakes) -> Iterator[Section]:
    yield Section(
        "Worst false merges",
        entries=tuple(map(_merge, mistakes.merges)),
        remark=_of(mistakes.merges, mistakes.merged_customers, "customers of several people"),
    )
    yield Section(
        "Worst misses",
        entries=tuple(map(_miss, mistakes.misses)),
        remark=_of(mistakes.misses, mistakes.parted_people, "people with several customers"),
    )


def _of(shown: Sequence[FalseMerge | Miss], count: int, noun: str) -> str:
    return f"{len(shown)} of {count:,} {noun}" if count else f"no {noun}"


def _merge(merge: FalseMerge) -> Entry:
    names = (f"names: {', '.join(merge.names)}",) if merge.names else ()
    joined = (f"joined by {', '.join(merge.because)}",) if merge.because else ()
    return Entry(
        f"{merge.customer_id}: {merge.people} people in {merge.records} records, "
        f"{merge.false_pairs:,} false pairs",
        (*names, *joined),
    )


def _miss(miss: Miss) -> Entry:
    return Entry(
        f"{miss.person}: {miss.records} records in {miss.parts} parts, "
        f"{miss.missed_pairs:,} missed pairs",
        (miss.because,),
    )
