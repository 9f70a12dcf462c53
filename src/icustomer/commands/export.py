"""`icustomer export`: all that is known of a customer, as a document and as a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from icustomer.commands.clients import read_groups, redis_store
from icustomer.commands.files import write_file
from icustomer.commands.finding import Carrying, Named, ReadGroups, find, parse_target
from icustomer.commands.hubs import HubReader
from icustomer.commands.output import print_json, tell
from icustomer.contracts.customer_export import CustomerExport
from icustomer.contracts.rules_loading import load_rules
from icustomer.core.keys import Keyring
from icustomer.core.rules import Rules
from icustomer.core.times import microseconds, rfc3339
from icustomer.explanation.everything import export_customer
from icustomer.explanation.page import page
from icustomer.explanation.subject import Evidence
from icustomer.ops.logs import configure_logging, get_logger
from icustomer.settings import Settings
from icustomer.store.port import Store


class Files(NamedTuple):
    """Where to write the document and the page."""

    output: Path | None
    html: Path | None


async def export(
    settings: Settings, text: str, country: str | None, files: Files, requested_by: str
) -> bool:
    """Hand out all that is known of whom the text leads to; False if that is nobody.

    `requested_by`: who answers for it, for the log.
    """
    rules = load_rules(settings.rules)
    target = parse_target(text, country, rules)
    keyring = Keyring(settings.secret())
    now = rfc3339(microseconds(datetime.now(UTC)))
    async with redis_store(settings, keyring, rules) as store:
        groups = partial(read_groups, settings)
        exports = await export_all(store, groups, keyring, rules, target, (text, now))
    configure_logging(settings.log_format, settings.log_level)
    log_disclosures(exports, settings.space, requested_by)
    if exports and files.html:
        write_file(files.html, page(exports))
    _answer(exports, files.output)
    return bool(exports)


def log_disclosures(exports: Sequence[CustomerExport], space: str, requested_by: str) -> None:
    """A log line for each customer whose data are about to be handed out."""
    log = get_logger("icustomer.export")
    for each in exports:
        log.info("exported", space=space, customer_id=each.customer_id, requested_by=requested_by)


async def export_all(
    store: Store,
    groups: ReadGroups,
    keyring: Keyring,
    rules: Rules,
    target: Named | Carrying,
    asked: tuple[str, str],
) -> list[CustomerExport]:
    """The exports of the customers that the target leads to, oldest first.

    `asked`: as it was asked for, and when.
    """
    hubs = HubReader(store, groups, keyring, rules)
    found = await find(store, groups, keyring, target)
    return [
        export_customer(
            Evidence(each.group, rules, keyring, await hubs.of(each)), each.customer, *asked
        )
        for each in found
    ]


def _answer(exports: list[CustomerExport], output: Path | None) -> None:
    if not exports:
        print_json({"error": "not_found"})
        return
    documents = [each.model_dump(mode="json") for each in exports]
    document = documents if len(documents) > 1 else documents[0]
    if output is None:
        print_json(document)
        return
    write_file(output, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    tell(f"written to {output}")
