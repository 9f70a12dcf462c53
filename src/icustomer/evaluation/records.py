"""What is remembered of every record: a column each, so that a million of them stay small."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from sys import intern

from icustomer.contracts.observe import Observed
from icustomer.core.keys import Keyring
from icustomer.core.model import Group
from icustomer.core.observation import Observation
from icustomer.core.rules import Rules
from icustomer.evaluation.assignment import assign, labels
from icustomer.evaluation.matching import Matching, read
from icustomer.evaluation.reader import Labelled
from icustomer.evaluation.waiting import Waiting


class Records:
    """The columns, by the number of the record from 0. Filled by `match`."""

    def __init__(self) -> None:
        self.lines = array("q")
        self.event_ids: list[str] = []
        self.people: list[str] = []
        self.sources: list[str] = []
        self.facet_keys: list[bytes | None] = []
        """None: no worker could use the event."""
        self.rejections: dict[int, str] = {}
        """Reason and detail, of those that no worker could use."""
        self.rejected: dict[int, tuple[str, ...]] = {}
        """`kind: reason` of single identifiers that could not be read."""
        self.customers: list[str | None] = []
        """None: unresolved or refused."""
        self.labels: list[str] = []
        """The same, but what is nobody's has a label of its own."""
        self._keys: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        return len(self.people)

    def add(self, event: Labelled, seen: Observed) -> None:
        """Remember the next record. Equal texts and keys are kept once."""
        number = len(self.people)
        self.lines.append(event.line)
        self.event_ids.append(str(event.body["event_id"]))
        self.people.append(intern(event.truth))
        self.sources.append(intern(str(event.body["source"])))
        if isinstance(seen.item, Observation):
            key = seen.item.facet_key
            self.facet_keys.append(self._keys.setdefault(key, key))
        else:
            self.facet_keys.append(None)
        if refusal := seen.rejection:
            self.rejections[number] = f"{refusal.reason}: {refusal.detail}"
        if seen.rejected:
            self.rejected[number] = tuple(
                intern(f"{kind}: {reason}") for kind, reason in seen.rejected
            )

    def close(self, groups: Iterable[Group]) -> None:
        """Remember the customers as they stand at the end."""
        self._keys.clear()
        self.customers = assign(self.facet_keys, groups)
        self.labels = labels(self.customers)


def match(events: Iterable[Labelled], rules: Rules, keyring: Keyring) -> tuple[Records, Matching]:
    """Match the events, each read once and not kept."""
    records, waiting = Records(), Waiting()
    for event in events:
        seen = read(event, event.line, rules, keyring)
        records.add(event, seen)
        if isinstance(seen.item, Observation):
            waiting.add(seen.item)
    matching = Matching(rules, keyring)
    for batch in waiting.batches():
        matching.apply(batch)
    records.close(matching.groups.values())
    return records, matching
