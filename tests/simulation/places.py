"""Where a worker is: the awaits of its modules, found in their source, and which of them a
coroutine stands at. Every one of them is a point at which it may die."""

from __future__ import annotations

import ast
import gc
import inspect
import sys
from collections.abc import Callable, Coroutine, Generator, Iterator
from functools import cache
from itertools import chain
from types import CodeType, FrameType, ModuleType, coroutine
from typing import Any, NamedTuple, TypeVar

from icustomer import outbox, rebuild, replay, separate, session, worker

Answer = TypeVar("Answer")

MODULES: tuple[ModuleType, ...] = (worker, outbox, session, rebuild, replay, separate)
"""Those whose order of steps keeps the promises."""
_FILES = {module.__file__: module.__name__.rpartition(".")[2] for module in MODULES}


class Place(NamedTuple):
    """One await in the source."""

    module: str
    line: int
    column: int
    function: str
    awaited: str
    """The last name of what is awaited: `settle` for `self._store.settle(...)`."""

    def __str__(self) -> str:
        return f"{self.module}:{self.line}:{self.column} {self.function} > {self.awaited}"

    def is_called(self, name: str) -> bool:
        """By what is awaited, or by the function too: `settle > settle`."""
        return name in {self.awaited, f"{self.function} > {self.awaited}"}

    @property
    def of_rebuild(self) -> bool:
        """Of those who bring the working state back."""
        return self.module in {"rebuild", "replay", "separate"}


Chain = tuple[Place, ...]
"""Awaits within each other, the innermost first."""


@cache
def all_places() -> tuple[Place, ...]:
    """Every await of the modules, in order of the source."""
    return tuple(place for module in MODULES for place in sorted(_found(module).values()))


@cache
def _found(module: ModuleType) -> dict[tuple[int, int], Place]:
    """By line and column of what is awaited, as compiled code tells it."""
    name = module.__name__.rpartition(".")[2]
    found: dict[tuple[int, int], Place] = {}
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(function, ast.AsyncFunctionDef):
            for at, awaited in chain.from_iterable(map(_awaits, ast.walk(function))):
                place = Place(name, at.lineno, at.col_offset, function.name, _name(awaited))
                found[at.lineno, at.col_offset] = place
    return found


def _awaits(node: ast.AST) -> Iterator[tuple[ast.stmt | ast.expr, ast.expr]]:
    """The node that suspends, and what it waits for."""
    if isinstance(node, ast.Await):
        yield node, node.value
    elif isinstance(node, ast.AsyncFor):
        yield node, node.iter
    elif isinstance(node, ast.AsyncWith):
        yield node, node.items[0].context_expr


def _name(awaited: ast.expr) -> str:
    if isinstance(awaited, ast.Call):
        return _name(awaited.func)
    return awaited.attr if isinstance(awaited, ast.Attribute) else ast.unparse(awaited)


# -- where one stands ------------------------------------------------------------------


def chain_of_caller() -> Chain:
    """The awaits that the running coroutine is in. What drives it step by step is below them."""
    frame: FrameType | None = sys._getframe(1)
    places: list[Place] = []
    while frame is not None and frame.f_code is not stepwise.__code__:
        places += _place_of(frame)
        frame = frame.f_back
    return tuple(places)


def chain_of(suspended: Any) -> Chain:
    """The awaits that a suspended coroutine is in."""
    places: list[Place] = []
    while suspended is not None:
        frame, suspended = _inside(suspended)
        if frame is not None:
            places += _place_of(frame)
    return tuple(reversed(places))


def _inside(suspended: Any) -> tuple[FrameType | None, Any]:
    """The frame of a coroutine or asynchronous generator, and what it waits for."""
    for prefix in ("cr", "ag"):
        if hasattr(suspended, f"{prefix}_frame"):
            return getattr(suspended, f"{prefix}_frame"), getattr(suspended, f"{prefix}_await")
    # A step of an asynchronous generator does not tell whose it is, but it holds it.
    generators = filter(inspect.isasyncgen, gc.get_referents(suspended))
    return None, next(generators, None)


def _place_of(frame: FrameType) -> Iterator[Place]:
    if frame.f_code.co_filename in _FILES:
        at = _positions(frame.f_code)[frame.f_lasti // 2]
        place = _by_file(frame.f_code.co_filename).get(at)
        if place is not None:
            yield place


@cache
def _by_file(name: str) -> dict[tuple[int, int], Place]:
    (module,) = (module for module in MODULES if module.__file__ == name)
    return _found(module)


@cache
def _positions(code: CodeType) -> list[tuple[int, int]]:
    """Line and column of each instruction."""
    return [(line or 0, column or 0) for line, _, column, _ in code.co_positions()]


# -- step by step ----------------------------------------------------------------------


@coroutine
def stepwise(
    steps: Coroutine[Any, Any, Answer], suspended: Callable[[Coroutine[Any, Any, Any]], None]
) -> Generator[Any, Any, Answer]:
    """Run a coroutine to its end; `suspended` is told each time that it stops to wait."""
    resume: Callable[[Any], Any] = steps.send
    value: Any = None
    while True:
        try:
            awaited = resume(value)
        except StopIteration as stop:
            return stop.value
        suspended(steps)
        try:
            resume, value = steps.send, (yield awaited)
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # noqa: BLE001 - handed on to the one it is meant for
            resume, value = steps.throw, error
