"""The words of claims: from a question to a predicate that reads well behind "62% ...".

    recency <= 12          bought within the last 12 days
    categories[TEA] > 0    bought from “TEA”

What customers and shops typed stands in quotation marks, as it was typed.
"""

from typing import Any

from onefold._display import number
from onefold.catalog import Catalog
from onefold.conditions import Compare
from onefold.traits import (
    Affinity,
    Age,
    Breadth,
    Frequency,
    Gap,
    Monetary,
    Recency,
    Rhythm,
    Share,
    Tenure,
)

__all__ = ["about_fact", "about_label", "about_trait"]

WEEKDAYS = {
    "Mon": "Mondays",
    "Tue": "Tuesdays",
    "Wed": "Wednesdays",
    "Thu": "Thursdays",
    "Fri": "Fridays",
    "Sat": "Saturdays",
    "Sun": "Sundays",
}
PARTS = {
    "night": "at night (0 to 6 o’clock)",
    "morning": "in the morning (6 to 12 o’clock)",
    "afternoon": "in the afternoon (12 to 18 o’clock)",
    "evening": "in the evening (18 to 24 o’clock)",
}
SHORT = 60  # characters of a label that are shown
# Of a trait that is high, and of one that is low; {x} is the bound.
OF_PURCHASES = {
    Recency: ("bought last {x} days ago or earlier", "bought within the last {x} days"),
    Frequency: ("made {x} purchases or more", "made {x} purchases or fewer"),
    Monetary: ("spent {x}{unit} or more", "spent {x}{unit} or less"),
    Tenure: ("bought first {x} days ago or earlier", "bought first within the last {x} days"),
    Gap: (
        "let {x} days or more pass between purchases",
        "let {x} days or fewer pass between purchases",
    ),
    Breadth: ("bought {x} different items or more", "bought {x} different items or fewer"),
}


def about_fact(question: Compare, source: Any = None) -> str:
    """A stated fact in words; `source` is the trait that reads it, if there is one."""
    name, value = spoken(question.name), question.value
    if isinstance(value, str):
        return f"have {name} {quote(value)}"
    if isinstance(source, Age):
        return _age(question)
    if isinstance(value, tuple):
        return f"have {name} from {_number(value[0])} to {_number(value[1])}"
    return f"have {name} {_BOUND[question.op].format(_number(value))}"


def about_trait(question: Compare, source: Any, currency: str | None) -> str:
    """A number read from somebody's events in words, high or low."""
    value = question.value
    if isinstance(value, str):
        return f"have {spoken(question.name)} {quote(value)}"
    known = OF_PURCHASES.get(type(source))
    if known and getattr(source, "event", None) == "purchase":
        words = known[0 if question.op == ">=" else 1]
        if getattr(source, "mean", False):
            words = words.replace("}{unit}", "}{unit} a purchase")
        words = words.format(x=_number(value), unit=f" {currency}" if currency else "")
        return _singular(words)
    return f"have {spoken(question.name)} {_BOUND[question.op].format(_number(value))}"


def about_label(question: Compare, source: Any, catalog: Catalog | None) -> str:
    """A number that somebody has for one label in words."""
    label, value = question.label or "", question.value
    assert isinstance(value, float)  # shares
    some = question.op == ">"
    if isinstance(source, Rhythm):
        often = " at least once" if some else ""
        return f"{_activity(value, some=some)} {_when(source, label)}{often}"
    of, event = getattr(source, "of", None), getattr(source, "event", None)
    bought = event == "purchase"
    if of == "item" and some:
        verb = "bought" if bought else f"have {spoken(event)} of" if event else "dealt with"
        said = _item(label, catalog)
        return f"{verb} {quote(said)} ({label})" if said else f"{verb} {quote(label)}"
    if of == "channel" and not some:
        return f"{_doing(event, value)} on the channel {quote(label)}"
    if isinstance(source, (Share, Affinity)) and of is not None:
        what = "" if of == "category" else f"{spoken(of)} "
        if some:
            return f"{'bought from' if bought else 'dealt with'} {what}{quote(label)}"
        if bought:
            return f"made {_part(value)} or more of their purchases from {what}{quote(label)}"
        return f"{_doing(event, value)} with {what}{quote(label)}"
    bound = f"above {_number(value)}" if some else f"of {_number(value)} or more"
    return f"have {spoken(question.name)} {quote(label)} {bound}"


def quote(text: str) -> str:
    """Somebody else's words, cut where they are very long."""
    return f"“{text if len(text) <= SHORT else text[: SHORT - 1] + '…'}”"


def spoken(name: str) -> str:
    """A column's name as words."""
    return name.replace("_", " ")


_BOUND = {"==": "{}", ">=": "of {} or more", "<=": "of {} or less", ">": "above {}"}


def _number(value: object) -> str:
    """A bound in words: three digits, without idle zeros."""
    assert isinstance(value, (int, float))
    return f"{value:.3g}" if 1e-3 <= abs(value) < 999.5 else number(value)


def _part(share: float) -> str:
    """A bound on a share in words: two digits, as `questions` rounds them."""
    return f"{_number(100 * share)}%"


def _age(question: Compare) -> str:
    value = question.value
    if isinstance(value, tuple):
        return f"are {_number(value[0])} to {_number(value[1])} years old"
    ends = {">=": " or older", "<=": " or younger", "==": " years old", ">": " or older"}
    return f"are {_number(value)}{ends[question.op]}"


def _activity(value: float, *, some: bool) -> str:
    return "were active" if some else f"have {_part(value)} or more of their activity"


def _doing(event: str | None, value: float) -> str:
    what = {None: "activity", "purchase": "purchases"}.get(event, f"{spoken(event or '')} events")
    much = "at least half" if value == 0.5 else f"{_part(value)} or more"
    return f"have {much} of their {what}"


def _when(source: Rhythm, label: str) -> str:
    if source.by == "weekday":
        return f"on {WEEKDAYS.get(label, label)}"
    return PARTS.get(label, f"from {label} o’clock") if source.by == "part" else f"at {label} h"


def _item(label: str, catalog: Catalog | None) -> str:
    """What the catalogue calls an item, or nothing."""
    code = -1 if catalog is None else catalog.items.code(label)
    if code < 0 or catalog is None:
        return ""
    word = catalog.text.vocab.decode(catalog.text.codes[code : code + 1])[0]
    return "" if word is None or word == label else str(word)


def _singular(words: str) -> str:
    for many in ("days", "purchases", "items"):
        words = words.replace(f" 1 {many}", f" 1 {many[:-1]}")
    return words.replace(" 1 different items", " 1 item")
