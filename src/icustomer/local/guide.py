"""How to look around in a demonstration that is kept running."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from icustomer.local.report import indented_lines
from icustomer.local.story import Story

LOG_SETTINGS = "ICUSTOMER_LOG_"
"""How the worker logs is its own affair."""


def print_guide(settings: Mapping[str, str], story: Story | None, console: Console) -> None:
    """Print the settings for another terminal, and commands to try there."""
    console.print()
    console.print(Text("Everything runs on. In another terminal:", style="bold"))
    exports = [
        f"export {name}={value}"
        for name, value in sorted(settings.items())
        if not name.startswith(LOG_SETTINGS)
    ]
    # One a line, however long: they are there to be copied.
    console.print(indented_lines(exports), soft_wrap=True)
    console.print(Text("and then, for example:", style="bold"))
    console.print(indented_lines(_commands(story)), soft_wrap=True)
    console.print(Text("Ctrl-C ends worker and servers; nothing is kept.", style="dim"))


def _commands(story: Story | None) -> list[str]:
    if story is None:
        return ["icustomer --help"]
    told = [f"icustomer lookup {story.customer_id}"]
    if story.emails:
        told.append(f"icustomer lookup 'email:{story.emails[0]}'")
    former = story.merged_from[0]
    return [*told, f"icustomer split {former} --reason 'two people after all'"]
