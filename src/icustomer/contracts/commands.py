"""The commands that may come in: a person's word on who is one and who is not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from icustomer.contracts.common import (
    Claim,
    Message,
    RequiredNumber,
    RequiredText,
    Timestamp,
    broken,
)
from icustomer.contracts.events import MAX_IDENTIFIERS

MAX_CUSTOMERS = 100
"""Customers that one merge may name: more is a mistake in a script, not a person's word."""


class BaseCommand(Message):
    """What every command says: when, by whom, and why."""

    event_id: RequiredNumber
    """The sender's own ID of the command: the same when it is sent again."""
    occurred_at: Timestamp
    """When it was given. Of contradicting commands the later holds."""
    requested_by: RequiredNumber
    """Who answers for it."""
    reason: RequiredText
    """Why, for those who look into it later."""


class Merge(BaseCommand):
    """These customers are one: the oldest ID stays, the others redirect to it."""

    command: Literal["merge"]
    """Always `merge`."""
    customer_ids: Annotated[tuple[RequiredNumber, ...], Field(strict=False)] = Field(
        min_length=2, max_length=MAX_CUSTOMERS
    )
    """The customers, two or more."""


class Split(BaseCommand):
    """This customer is several. Without more, its latest merge, or the merge of a retired ID,
    is undone."""

    command: Literal["split"]
    """Always `split`."""
    customer_id: RequiredNumber
    """A current ID, or one that redirects."""
    identifiers: Annotated[tuple[Claim, ...], Field(strict=False)] | None = Field(
        default=None, min_length=1, max_length=MAX_IDENTIFIERS
    )
    """What parts: the evidence that carries these becomes a customer of its own."""
    all: bool | None = None
    """True: every piece of evidence by itself."""

    @model_validator(mode="after")
    def _one_way(self) -> Split:
        if self.all and self.identifiers:
            raise broken("split by identifiers or all, not both")
        return self


class Forget(BaseCommand):
    """Erase this customer and all IDs that redirect to it."""

    command: Literal["forget"]
    """Always `forget`."""
    customer_id: RequiredNumber
    """A current ID, or one that redirects."""


class Unshare(BaseCommand):
    """This identifier belongs to one person, whatever is seen with it."""

    command: Literal["unshare"]
    """Always `unshare`."""
    identifier: Claim
    """The identifier, no longer treated as shared."""


class Suppress(BaseCommand):
    """Never match nor store this identifier again."""

    command: Literal["suppress"]
    """Always `suppress`."""
    identifier: Claim
    """The identifier, remembered by its digest alone."""


Command = Annotated[Merge | Split | Forget | Unshare | Suppress, Field(discriminator="command")]
CommandModel = Merge | Split | Forget | Unshare | Suppress
