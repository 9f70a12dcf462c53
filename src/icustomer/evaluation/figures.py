"""The figures of an evaluation as plain values: what `--json` prints."""

from __future__ import annotations

from typing import Any

from icustomer.evaluation.ablation import Effect
from icustomer.evaluation.bcubed import BCubed
from icustomer.evaluation.evaluate import Evaluation
from icustomer.evaluation.pairs import Pairs
from icustomer.evaluation.sources import BySource

ROUNDED = 6
"""Digits after the point of shares."""


def figures(evaluation: Evaluation) -> dict[str, Any]:
    """All figures. First those that programs rely on: their names never change."""
    document = {
        "records": evaluation.records,
        "people": evaluation.people,
        "customers": evaluation.customers,
        **_shares(evaluation.pairs),
        **_counts(evaluation.pairs),
        "refused": evaluation.refused,
        "unresolved": evaluation.unresolved,
        "bcubed": _shares(evaluation.bcubed),
        "plain": {
            **_shares(evaluation.plain),
            **_counts(evaluation.plain),
            "bcubed": _shares(evaluation.plain_bcubed),
        },
        **_sources(evaluation.sources),
    }
    if evaluation.effects:
        document["rules"] = [_effect(effect) for effect in evaluation.effects]
    return document


def _shares(what: Pairs | BCubed) -> dict[str, float]:
    return {
        "precision": round(what.precision, ROUNDED),
        "recall": round(what.recall, ROUNDED),
        "f1": round(what.f1, ROUNDED),
    }


def _counts(pairs: Pairs) -> dict[str, int]:
    return {
        "true_pairs": pairs.true_pairs,
        "false_pairs": pairs.false_pairs,
        "missed_pairs": pairs.missed_pairs,
    }


def _sources(sources: BySource) -> dict[str, Any]:
    return {
        "sources": [
            {
                "source": each.source,
                "records": each.records,
                **_shares(each.pairs),
                **_counts(each.pairs),
            }
            for each in sources.within
        ],
        "across_sources": [
            {"sources": list(each.sources), **_shares(each.pairs), **_counts(each.pairs)}
            for each in sources.across
        ],
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "rule": effect.name,
        "without": {**_shares(effect.without), **_counts(effect.without)},
        "true_pairs": effect.true_pairs,
        "false_pairs": effect.false_pairs,
    }
