"""`icustomer topics`: create the topics, and tell what about existing ones is not right."""

from __future__ import annotations

from icustomer.commands.output import people_console, print_json, table
from icustomer.kafka_access import connection
from icustomer.settings import Settings
from icustomer.stream import topics
from icustomer.stream.admin import open_admin


async def create(
    settings: Settings, partitions: int, replication: int | None, *, as_json: bool
) -> None:
    """Create those that are missing and name them."""
    copies = topics.BROKER_REPLICATION if replication is None else replication
    async with open_admin(connection(settings)) as admin:
        created = await topics.create(admin, settings.topic_prefix, partitions, copies)
    if as_json:
        print_json({"created": created})
        return
    console = people_console()
    for name in created:
        console.print(f"created {name}", markup=False)
    if not created:
        console.print("all topics were there already: `icustomer topics check` looks at them")


async def check(settings: Settings, *, as_json: bool) -> bool:
    """Print every difference from how the topics should be; False if there are any."""
    async with open_admin(connection(settings)) as admin:
        differences = await topics.check(admin, settings.topic_prefix)
    if as_json:
        print_json(differences)
    elif differences:
        _print_differences(differences)
    else:
        people_console().print("all topics are as they should be")
    return not differences


def _print_differences(differences: list[topics.Difference]) -> None:
    rows = table("topic", "setting", "is", "should be")
    for difference in differences:
        cells = (difference[name] for name in ("topic", "setting", "is", "should_be"))
        rows.add_row(*("" if cell is None else str(cell) for cell in cells))
    people_console().print(rows)
