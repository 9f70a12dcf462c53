"""One error tree, split by who must act: the sender, nobody, or the operator."""

from __future__ import annotations


class IcustomerError(Exception):
    """The root of all errors that icustomer raises on purpose."""


class RetryError(IcustomerError):
    """Nobody must act: the batch is tried again."""


class UnavailableError(RetryError):
    """Redis or Kafka did not answer, or answered that it cannot for now."""


class HistoryCutError(RetryError):
    """A script refused: this Redis is not the one, or not the history, that the fence names."""


class FencedError(RetryError):
    """Another worker initialised our transactional slot: start over with a new session."""


class OperatorError(IcustomerError):
    """The operator must act: the message is one line that names what is wrong and the remedy."""


class SettingsError(OperatorError):
    """A setting is missing or impossible."""


class WrongKeyError(OperatorError):
    """The space was made with another SECRET_KEY."""


class OtherRulesError(OperatorError):
    """The space is matched by other rules than those of this process."""


class NewerStateError(OperatorError):
    """State was written by a newer version of icustomer than this one."""
