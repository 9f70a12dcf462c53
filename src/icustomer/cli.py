"""The command line: what can be asked for, and with which words.

Here stand names, arguments and exit codes only; each command imports what does the work when
it is called, so that `icustomer --help` opens nothing and answers at once.
"""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from icustomer import __version__
from icustomer.cli_common import (
    FAILED,
    Country,
    CustomerId,
    Json,
    Reason,
    RequestedBy,
    Timeout,
    Yes,
    ask,
    exit_unless,
    requester,
    tell_in_one_line,
)
from icustomer.cli_dead_letters import dead_letters_app
from icustomer.cli_erasing import forget, suppress
from icustomer.cli_explaining import explain, export
from icustomer.cli_rules import rules_app
from icustomer.cli_unshare import unshare
from icustomer.commands.usage import UsageError
from icustomer.errors import IcustomerError, SettingsError

WRONG_USAGE = 2
MAX_WORKERS = 64
"""As many as a space has transactional slots."""
INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

app = typer.Typer(
    name="icustomer",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
topics_app = typer.Typer(help="Create the topics, or check them.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.add_typer(rules_app, name="rules")
app.add_typer(dead_letters_app, name="dead-letters")


class InputTopic(StrEnum):
    """The topics that events may be sent to, by their short names."""

    SIGNUPS = "signups"
    ORDERS = "orders"
    SUPPORT = "support"
    COMMANDS = "commands"


EventFile = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, readable=True, help="JSON Lines, or CSV with dotted fields."
    ),
]
RulesFile = Annotated[
    Path | None,
    typer.Option(
        "--rules", exists=True, dir_okay=False, readable=True, help="A rules.toml to match by."
    ),
]


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"icustomer {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", help="Tell the version and exit.", callback=_tell_version, is_eager=True
    ),
]


@app.callback()
def options(version: Version = False) -> None:
    """One customer ID for every person who deals with a company."""


@app.command()
def run(
    workers: Annotated[
        int, typer.Option(min=1, max=MAX_WORKERS, help="Processes; one a core is right.")
    ] = 1,
) -> None:
    """Run workers until they are told to stop."""
    from icustomer.commands.run import run as work
    from icustomer.settings import load_settings

    work(load_settings(), workers)


@app.command()
def demo(
    events: Annotated[int, typer.Option(min=1, help="How many events.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other people.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it running afterwards.")] = False,
) -> None:
    """Show it at work: embedded servers, generated people, a report of the result."""
    from icustomer.commands.demo import demo as show
    from icustomer.local.demo import Afterwards

    show(events, seed, Afterwards.KEEP if keep else Afterwards.STOP)


@topics_app.command()
def create(
    partitions: Annotated[int, typer.Option(min=1, help="Partitions of each topic.")] = 12,
    replication: Annotated[
        int | None,
        typer.Option(min=1, help="Copies of each partition; as the broker has it if not given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Create the topics that are missing."""
    from icustomer.commands.topics import create as create_topics
    from icustomer.settings import load_settings

    asyncio.run(create_topics(load_settings(), partitions, replication, as_json=as_json))


@topics_app.command()
def check(as_json: Json = False) -> None:
    """Tell what is not as it should be; nothing is altered."""
    from icustomer.commands.topics import check as check_topics
    from icustomer.settings import load_settings

    exit_unless(asyncio.run(check_topics(load_settings(), as_json=as_json)))


@app.command()
def send(
    file: EventFile,
    topic: Annotated[InputTopic, typer.Option(help="Where to.")],
    validate: Annotated[
        bool, typer.Option(help="Look at all events first; send none if one is faulty.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Publish a file of events."""
    from icustomer.commands.send import require_valid
    from icustomer.commands.send import send as publish
    from icustomer.contracts.topics import Topic
    from icustomer.settings import load_settings

    settings = load_settings()
    if validate:
        require_valid(file, Topic(topic))
    asyncio.run(publish(settings, file, Topic(topic), as_json=as_json))


@app.command()
def lag(
    seconds: Annotated[
        float | None,
        typer.Argument(
            min=0.1,
            metavar="[SECONDS]",
            help="Between two looks, with --watch; 2 if not given.",
            show_default=False,
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, until interrupted.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell how far the workers are behind, in records and in time."""
    from icustomer.commands.lag import lag as tell_lag
    from icustomer.settings import load_settings

    if seconds is not None and not watch:
        raise typer.BadParameter("SECONDS goes with --watch")
    interval = (2.0 if seconds is None else seconds) if watch else None
    asyncio.run(tell_lag(load_settings(), as_json=as_json, watch=interval))


@app.command()
def lookup(
    who: Annotated[
        str,
        typer.Argument(
            metavar="ID|KIND:VALUE", help="An ID, email:..., phone:... or account:SERVICE/NUMBER."
        ),
    ],
    country: Country = None,
    as_json: Json = False,
) -> None:
    """Show the customer whom an ID or an identifier leads to."""
    from icustomer.commands.lookup import lookup as look_up
    from icustomer.settings import load_settings

    exit_unless(asyncio.run(look_up(load_settings(), who, country, as_json=as_json)))


app.command()(explain)
app.command()(export)
app.command()(forget)
app.command()(suppress)


@app.command()
def merge(
    ids: Annotated[list[str], typer.Argument(metavar="ID ID...", help="Two or more.")],
    reason: Reason,
    requested_by: RequestedBy = "",
    timeout: Timeout = 30,
    yes: Yes = False,  # noqa: ARG001 -- every decision takes it; this one never asks
    as_json: Json = False,
) -> None:
    """Say that several customers are one person: the oldest ID stays."""
    from icustomer.commands.decisions import Word
    from icustomer.commands.decisions import merge as say
    from icustomer.settings import load_settings

    if len(ids) < 2:  # noqa: PLR2004 -- one customer is one already
        raise typer.BadParameter("name two or more customers")
    word = Word(requester(requested_by), reason, timeout)
    exit_unless(asyncio.run(say(load_settings(), ids, word, as_json=as_json)))


@app.command()
def split(
    customer_id: CustomerId,
    reason: Reason,
    identifier: Annotated[
        list[str] | None, typer.Option(metavar="KIND:VALUE", help="What parts; may be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Part every claim.")] = False,
    requested_by: RequestedBy = "",
    timeout: Timeout = 30,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Say that a customer is several people; without more, undo its latest merge."""
    from icustomer.commands.decisions import Word, parse_claim
    from icustomer.commands.decisions import split as say
    from icustomer.settings import load_settings

    claims = [parse_claim(text) for text in identifier or []]
    if claims and everything:
        raise typer.BadParameter("--all and --identifier exclude each other")
    if everything and not yes:
        ask(f"Part everything that is known of {customer_id}?")
    way = {"identifiers": claims} if claims else {"all": True} if everything else {}
    word = Word(requester(requested_by), reason, timeout)
    exit_unless(asyncio.run(say(load_settings(), customer_id, way, word, as_json=as_json)))


app.command()(unshare)


@app.command()
def rebuild(
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another rebuild to end.")
    ] = 60,
    as_json: Json = False,
) -> None:
    """Make the working state in Redis anew from the changelog; workers wait meanwhile."""
    from icustomer.commands.rebuild import rebuild as make_anew
    from icustomer.settings import load_settings

    asyncio.run(make_anew(load_settings(), timeout, as_json=as_json))


@app.command()
def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what differs, and look again.")
    ] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds in which what differs may come right.")
    ] = 10,
    as_json: Json = False,
) -> None:
    """Tell whether Redis, changelog and profiles say the same, and whether every law holds."""
    from icustomer.commands.verify import verify as look
    from icustomer.settings import load_settings

    exit_unless(asyncio.run(look(load_settings(), wait, repair=repair, as_json=as_json)))


@app.command()
def evaluate(
    file: EventFile,
    truth: Annotated[str, typer.Option(help="The field that names the true person.")],
    assignments: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write each event's customer (CSV).")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write a report, .html or .md.")
    ] = None,
    ablation: Annotated[
        bool,
        typer.Option("--ablation", help="Tell what each rule does, matching again without it."),
    ] = False,
    rules: RulesFile = None,
    as_json: Json = False,
) -> None:
    """Measure the matching over a file of events whose true people are known."""
    from icustomer.commands.evaluate import Depth
    from icustomer.commands.evaluate import evaluate as measure

    depth = Depth.EACH_RULE if ablation else Depth.AS_IT_IS
    measure(file, truth, depth, assignments, report, rules, as_json=as_json)


def main() -> None:
    """Run the command line. What the operator must mend is told in one line."""
    try:
        sys.exit(app(standalone_mode=False))
    except IcustomerError as error:
        tell_in_one_line(str(error))
        sys.exit(_exit_code(error))
    except TyperException as error:
        tell_in_one_line(error.format_message())
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _exit_code(error: IcustomerError) -> int:
    """Wrong usage are settings and arguments: nothing was tried yet."""
    return WRONG_USAGE if isinstance(error, SettingsError | UsageError) else FAILED
