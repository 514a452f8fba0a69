"""English for reasons: verbs by the kind of event, how often and how long ago, names, shares.

    bought twice, last 12 days ago, about every 20 days             popular with loyal customers

Shares are whole percents that add up to 100 (largest remainder); small ones are put together.
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from onefold._display.words import cut, printable
from onefold._types import Codes, Floats, Ints
from onefold._vocab import Vocab
from onefold.catalog import Catalog

VERBS = {"purchase": ("bought", "bought"), "view": ("looked at", "looked at")}
VERBS |= {"click": ("clicked", "clicked")}  # past and participle, by the target's kind
OTHER = ("chose", "chosen")
PRONOUNS = {"you": "you", "they": "they"}
LEAST = 0.05  # a share below this is told among the others
LONG = 60  # columns of a name


@attrs.frozen
class Story:
    """One reason: its share of the score, in short, and as a clause after "because".

    Attributes:
        share: of the score.
        short: without the item and the customer: "bought twice, last 12 days ago".
        long: the same where it is told in full: "bought Earl Grey twice, last 12 days ago".
        lead: what comes before it: "who" stands for the customer; other words, such as "it is",
            are said only at first.
    """

    share: float
    short: str
    long: str
    lead: str = ""


def sentence(stories: Sequence[Story], who: str) -> str:
    """Stories, the strongest first, as one sentence with shares that add up to 100 %."""
    if not stories:
        return "nothing speaks for it: its probability is 0"
    shares = np.array([story.share for story in stories])
    told = max(1, int((shares >= LEAST).sum()))
    figures = whole_percents(np.append(shares[:told], shares[told:].sum())).tolist()
    parts: list[str] = []
    for story, figure in zip(stories[:told], figures, strict=False):
        first = "" if parts or not story.lead else f"{story.lead} "
        lead = f"{PRONOUNS[who]} " if story.lead == "who" else first
        parts.append(f"{lead}{story.long} ({figure} %)")
    if figures[told]:
        parts.append(f"and other reasons ({figures[told]} %)")
    return f"because {'; '.join(parts)}"


def whole_percents(shares: Floats) -> Ints:
    """Shares (n,) as whole percents that add up to 100: the largest remainders are rounded up."""
    exact = 100 * shares / shares.sum()
    out: Ints = np.floor(exact + 1e-9).astype(np.int64)
    rest = np.argsort(out - exact, kind="stable")[: 100 - int(out.sum())]
    out[rest] += 1
    return out


def often(verb: str, count: int, days: int, every: int) -> str:
    """How often, how long ago, and the rhythm in days (0: it is not told)."""
    number = {1: "once", 2: "twice"}.get(count) or f"{count:,} times"
    ago = "less than a day" if days < 1 else "1 day" if days == 1 else f"{days:,} days"
    rhythm = "" if every < 1 else ", about daily" if every == 1 else f", about every {every:,} days"
    return f"{verb} {number}, {'last ' if count > 1 else ''}{ago} ago{rhythm}"


def members(by: str, name: str) -> str:
    """The members of a group by its name: a plural as it is, anything else in quotes."""
    word = cut(printable(name), LONG)
    plural = word.endswith("s") and not word.endswith("ss") and word.replace(" ", "").isalpha()
    return word if plural else f"the {by} “{word}”"


def named(catalog: Catalog | None, items: Vocab, codes: Codes | Ints) -> list[str]:
    """The names (p,) of items: the catalogue's name or text, else the id; long ones are cut."""
    ids = items.values[codes].tolist()
    if catalog is not None:
        for column in ("name", "text"):
            if column not in catalog.columns:
                continue
            held = catalog.column(column)
            at = catalog.items.codes(ids)
            words = held.vocab.decode(np.append(held.codes, np.int32(-1))[at]).tolist()
            ids = [item if word is None else word for item, word in zip(ids, words, strict=True)]
            if any(word is not None for word in words):
                break
    return [cut(printable(str(word)), LONG) for word in ids]


def verb_of(target: str) -> tuple[str, str]:
    """The verb of a kind of event: past, and participle."""
    return VERBS.get(target, OTHER)


def popularity(who: str, done: str, *, popular: bool, week: bool) -> str:
    """What a shared level says of an item, `done` being the participle of its choice."""
    if popular:
        return f"popular with {who}{' this week' if week else ''}"
    return f"{done} here before" if who == "everyone" else f"{done} more by {who} than by others"


def spoken(level: Any) -> str:
    """What is said of a level that says nothing itself."""
    return f"what was done before, by the level {printable(str(level))!r}"
