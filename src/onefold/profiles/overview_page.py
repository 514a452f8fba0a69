"""How an overview looks: when events happened, of what kinds, and what they don't tell.

1,262 events from 2017-01-12 to 2017-12-31 UTC: purchase 1,248, mailing 14
"""

import numpy as np

from onefold import _time
from onefold._display import percent
from onefold._display.colours import KINDS as COLOURS
from onefold._display.small import blocks, svg_stacks
from onefold._display.words import Html
from onefold.profiles.overview import Overview, Timeline
from onefold.profiles.said import many, short, wrapped

MOST = 12  # kinds of event that are named


def lines(overview: Overview) -> list[str]:
    """Events and their kinds, and the timeline, in lines that fit."""
    kinds = _kinds(overview)
    out = wrapped(f"{span(overview)}: " if kinds else span(overview), kinds)
    out += wrapped("", older(overview)) if overview.older else []
    timeline = overview.timeline
    if timeline is not None:
        ends = f"{timeline.starts[0]} to {timeline.starts[-1]}"
        if len(timeline.starts) == 1:
            ends = timeline.starts[0]
        picture = blocks(timeline.counts.sum(axis=1))
        out.append(f"by {timeline.step}, {ends}: {picture}")
    return out


def span(overview: Overview) -> str:
    """How many events, from which day to which."""
    if overview.first is None or overview.last is None:
        since = overview.since if overview.older else None
        return "no events" if since is None else f"no events since {_time.show(since)} UTC"
    first, last = day(overview.first), day(overview.last)
    when = f"on {first}" if first == last else f"from {first} to {last}"
    return f"{many(overview.events, 'event')} {when} UTC"


def older(overview: Overview) -> list[str]:
    """How many events were let go, if any: a note."""
    if not overview.older:
        return []
    are = "is" if overview.older == 1 else "are"
    return [f"{many(overview.older, 'older event')} {are} kept as sums"]


def day(moment: np.datetime64) -> str:
    """The day of an instant, in UTC."""
    return str(moment.astype("datetime64[D]"))


def notes(overview: Overview) -> list[str]:
    """The currency, and what events lack."""
    never = [f"no {word}" for word, share in overview.untold if share == 1]
    lacking = [f"{word} {percent(share)}" for word, share in overview.untold if share < 1]
    return [
        *([f"amounts in {short(overview.currency)}"] if overview.currency else []),
        *([f"events without {', '.join(lacking)}"] if lacking else []),
        *never,
    ]


def legend(overview: Overview) -> list[tuple[str, str, str]]:
    """The colour of each kind in a timeline, its name, and how many."""
    named = [
        (COLOURS[min(i, len(COLOURS) - 1)], short(kind), f"{n:,}")
        for i, (kind, n) in enumerate(overview.kinds[:MOST])
    ]
    rest = len(overview.kinds) - MOST
    return [*named, (COLOURS[-1], many(rest, "other kind"), "")] if rest > 0 else named


def heading(timeline: Timeline) -> str:
    """What the picture of a timeline shows."""
    most = int(timeline.counts.sum(axis=1).max())
    return f"events by {timeline.step}, highest bar {most:,}"


def stacks(timeline: Timeline, width: int = 560) -> Html:
    """The picture of a timeline: columns stacked by kind."""
    rows = timeline.counts.tolist()
    several = len(timeline.kinds) > 1
    titles = [
        ", ".join(
            [f"{start}: {many(sum(row), 'event')}"]
            + [f"{short(k)} {n:,}" for k, n in zip(timeline.kinds, row, strict=True) if n] * several
        )
        for start, row in zip(timeline.starts, rows, strict=True)
    ]
    ends = (timeline.starts[0], timeline.starts[-1])
    return svg_stacks(timeline.counts, titles, title=heading(timeline), ends=ends, width=width)


def _kinds(overview: Overview) -> list[str]:
    named = [f"{short(kind)} {n:,}" for kind, n in overview.kinds[:MOST]]
    rest = len(overview.kinds) - MOST
    return [*named, many(rest, "other kind")] if rest > 0 else named
