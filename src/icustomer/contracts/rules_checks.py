"""What the parts of a rule file must be to each other: mistakes that no single key shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from icustomer.contracts.common import calendar_date
from icustomer.contracts.rules_file import MOST_KINDS, BlockedEntry, RulesFile
from icustomer.contracts.rules_lines import Path
from icustomer.core.canonical import Reason, Rejected
from icustomer.core.composites import BIRTH_PARTS, NAME_PARTS, PARTS
from icustomer.core.emails import canonical_domain
from icustomer.core.identifiers import canonical
from icustomer.core.model import RawName
from icustomer.core.names import normalise_name
from icustomer.core.patterns import PatternError, matcher
from icustomer.core.rules import DEFAULT_RULES, Rules

Found = Iterator[tuple[Path, str]]
BUILT_IN = ("account", "email", "phone")
LIKE = 0.75
"""From which likeness on a name is taken for a slip of the pen: `emial`, `e-mail`, `phones`."""
BESIDE_KINDS = ("birth_date", "name")
"""What else may be blocked: parts of composites."""
RESERVED = frozenset({*PARTS, "birth_date", "name", "other"})
"""Names that no kind may have: they mean something else where kinds are named."""


def checked(file: RulesFile) -> Found:
    """(path, what is wrong) of each mistake."""
    yield from _names(file)
    yield from _patterns(file)
    yield from _domains(file)
    yield from _composites(file)
    yield from _blocked(file)


def _names(file: RulesFile) -> Found:
    own, composites = file.kinds.own(), file.composites
    for section, names in (("kinds", own), ("composites", composites)):
        for name in names:
            if name in RESERVED:
                yield (section, name), "is a word of its own in rule files: take another name"
    for name in own:
        near = get_close_matches(name, BUILT_IN, 1, LIKE)
        if near:
            yield ("kinds", name), f"did you mean {near[0]}? a kind of your own needs another name"
    for name in composites:
        if name in file.kinds.all():
            yield ("composites", name), "is a kind already: take another name"
    if len(own) + len(composites) > MOST_KINDS:
        yield ("kinds",), f"there are more than {MOST_KINDS} kinds: leave some out"


def _patterns(file: RulesFile) -> Found:
    for name, kind in file.kinds.own().items():
        if kind.pattern:
            yield from _pattern(("kinds", name, "pattern"), kind.pattern)
    for number, entry in enumerate(file.blocked):
        if entry.pattern:
            yield from _pattern(("blocked", number, "pattern"), entry.pattern)


def _pattern(path: Path, pattern: str) -> Found:
    try:
        matcher([pattern])
    except PatternError as error:
        yield path, f"is no regular expression of the kind that is read here: {error}"


def _domains(file: RulesFile) -> Found:
    for number, domain in enumerate(file.kinds.email.tag_domains):
        form = canonical_domain(domain)
        if form is None:
            yield ("kinds", "email", "tag_domains", number), f"{domain!r} is no domain"
        elif form != domain:
            yield (
                ("kinds", "email", "tag_domains", number),
                f"write {domain!r} as {form!r}, the form in which domains are compared",
            )


def _composites(file: RulesFile) -> Found:
    for name, composite in file.composites.items():
        path = ("composites", name, "parts")
        known = {*PARTS, *file.kinds.all()}
        for number, part in enumerate(composite.parts):
            if part not in known:
                told = ", ".join(PARTS)
                yield (*path, number), f"{part!r} is neither a kind nor one of: {told}"
        twice = [part for part, count in Counter(composite.parts).items() if count > 1]
        if twice:
            yield path, f"{twice[0]!r} stands there twice: once is enough"
        if set(composite.parts) <= NAME_PARTS.keys():
            yield (
                path,
                "is made of a name alone, and namesakes are many: add one such as birth_date",
            )
        if set(composite.parts) <= BIRTH_PARTS.keys():
            yield path, "is made of a birth date alone, which many share: add a part of the name"


def _blocked(file: RulesFile) -> Found:
    rules = file.model_copy(update={"blocked": []}).rules() if _readable(file) else DEFAULT_RULES
    kinds = (*file.kinds.all(), *BESIDE_KINDS)
    for number, entry in enumerate(file.blocked):
        path: Path = ("blocked", number)
        if entry.kind not in kinds:
            yield (*path, "kind"), f"{entry.kind!r} is none of: {', '.join(kinds)}"
        elif bool(entry.value) == bool(entry.pattern):
            yield path, "has either a value or a pattern: give one of them"
        elif entry.value:
            problem = _value_problem(entry, rules)
            if problem:
                yield (*path, "value"), problem


def _readable(file: RulesFile) -> bool:
    return not list(_patterns(file))


def _value_problem(entry: BlockedEntry, rules: Rules) -> str:
    """Why no identifier has this value, or nothing."""
    if entry.kind == "birth_date":
        return "" if _is_date(entry.value) else f"{entry.value!r} is no date such as 1900-01-01"
    if entry.kind == "name":
        parts = normalise_name(RawName(full=entry.value)).parts
        if parts == (entry.value,):
            return ""
        return f"{entry.value!r} is no single word of a name in lower case, without accents"
    form = canonical(entry.kind, entry.value, None, rules)
    if isinstance(form, Rejected):
        return _rejected(entry, form)
    if form.value != entry.value:
        return f"write {entry.value!r} as {form.value!r}, the form in which values are compared"
    return ""


def _rejected(entry: BlockedEntry, form: Rejected) -> str:
    if form.reason == Reason.PHONE_NO_REGION:
        return f"write {entry.value!r} internationally, such as +41446681800"
    return f"{entry.value!r} is no {entry.kind} ({form.reason}), so it never occurs: remove it"


def _is_date(text: str) -> bool:
    try:
        calendar_date(text)
    except ValueError:
        return False
    return True
