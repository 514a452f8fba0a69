r"""Access logs of Apache and nginx: the combined format, and the common one without its end.

    203.0.113.7 - ann [01/Mar/2024:09:30:00 +0100] "GET /tea HTTP/1.1" 200 512 "-" "Mozilla/5.0"
    host, -, user, [time], "request", status, bytes, "referer", "user agent"

Apache writes a quote inside a field as \" and a byte that can't be printed as \xhh.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, final
from urllib.parse import unquote

import attrs

from onefold._check import text as checked_text
from onefold.errors import ArgumentError
from onefold.readers.agents import is_robot
from onefold.readers.build import BLANK
from onefold.readers.fixed import Fixed
from onefold.readers.gathering import Found, gathered
from onefold.readers.read import Read
from onefold.readers.settings import Kinds, Settings, settings
from onefold.readers.sources import Ready, records_of, texts
from onefold.readers.values import Refused, path_of, since_epoch, text

ACCESS_KINDS: Kinds = Fixed({"GET": "page", "HEAD": None, "OPTIONS": None})
"""Kinds by the method of a request; what only asks whether something is there is left out."""

FIELD = r'"((?:[^"\\]|\\.)*)"'
LINE = re.compile(
    rf"(?:\S+:\d+ )?(\S+) \S+ (\S+(?: \S+)*?) \[([^\]]+)\] {FIELD} (\d{{3}}) (\d+|-)"
    rf"(?: {FIELD} {FIELD})?(?: .*)?",
    re.DOTALL,
)
REQUEST = re.compile(r"([A-Z]{1,20}) (\S+)(?: HTTP/\d(?:\.\d)?)?")
STAMP = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})|\\(.)", re.DOTALL)
WRITTEN = {"n": "\n", "t": "\t", "r": "\r"}
MONTHS = {
    name: at
    for at, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
PARTS = frozenset(
    (
        *("css", "js", "mjs", "map", "json", "xml", "txt", "woff", "woff2", "ttf", "eot"),
        *("png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "mp3", "mp4", "webm"),
    )
)
LONGEST_LINE = 100_000  # characters; servers cut requests long before
ITEM = "item"
NO_PAGES: Mapping[str, str] = Fixed({})


def access_log(
    source: Any,
    *,
    pages: Mapping[str, str] = NO_PAGES,
    kinds: Kinds | None = ACCESS_KINDS,
    anonymous: bool = True,
    robots: bool = False,
    parts: bool = False,
) -> Read:
    """Read an access log of Apache or nginx in the combined or the common format.

    The customer is the user who logged in to the server, else the anonymous id: the host and a
    hash of the user agent, which is the usual guess at one visitor, and no more than a guess: one
    address may be a whole office. The kind is the method's ("GET" is "page"), or that of the first
    of `pages` which matches the path. Requests that were not answered with content (a status other
    than 2xx or 304), robots and the parts of pages are skipped. A log line has no id: read each
    file once.

    Args:
        source: A path (gzipped or not), a list of paths, or an iterable of lines.
        pages: Kinds by patterns that are searched in the path, without its query, with the item
            as a group: `{r"^/product/(?P<item>[^/]+)": "view"}`.
        kinds: Kinds by method; None as a kind leaves such requests out, None as the mapping keeps
            all methods.
        anonymous: Whether requests without a user are kept.
        robots: Whether requests of what says that it is a machine are kept.
        parts: Whether requests of images, scripts, style sheets and such are kept.

    Returns:
        The log, with `device`, `platform` and `browser` where ua-parser is installed
        (`pip install 'onefold[web]'`), and what became of each line.

    Raises:
        ArgumentError: If an argument is wrong, no line looks like one of an access log,
            or every one is rejected.
        FileError: If there is no such file.

    Examples:
        >>> from onefold import readers
        >>> read = readers.access_log(
        ...     readers.example("access_log"), pages={r"^/product/(?P<item>[^/]+)": "view"})
        >>> read.accepted, sum(read.skipped.values()), len(read.rejected)
        (5, 4, 2)
        >>> read.log.to_pandas()["page"].tolist()
        ['/', '/product/tea', '/order', '/product/jam red', '/about']
    """
    call = "readers.access_log"
    chosen = settings(
        call,
        kinds=kinds,
        properties=(),
        anonymous=anonymous,
        currency=None,
        system=None,
    )
    return gathered(
        records_of(source, texts, call),
        Requests(chosen, _patterns(pages, call), bool(robots), bool(parts)),
        call=call,
        looks='A line is: host - user [time] "request" status bytes "referer" "user agent"',
        currency=None,
        chosen=(),
        notes=chosen.notes,
        sure=isinstance(source, Ready) and source.sure,
    )


class Page(NamedTuple):
    """A pattern of paths, and what a request of them is."""

    pattern: re.Pattern[str]
    kind: str


@final
@attrs.frozen(eq=False)
class Requests:
    """What a line means."""

    settings: Settings
    pages: tuple[Page, ...]
    robots: bool
    parts: bool
    _known: dict[str | None, bool] = attrs.field(init=False, factory=dict)

    def __call__(self, document: Any) -> Found:
        """The event of one line."""
        if not isinstance(document, str) or len(document) > LONGEST_LINE:
            raise Refused("no line of text, or a very long one", foreign=True)
        found = LINE.fullmatch(document)
        if found is None:
            raise Refused("not a line of the combined or common format", foreign=True)
        host, user, stamp, request, status, _, _, said = found.groups()
        time = _time(stamp)
        asked = REQUEST.fullmatch(_plain(request))
        if asked is None:
            raise Refused("request can't be read")
        method, target = asked.groups()
        path = text(unquote(path_of(target) or "", errors="surrogateescape"), "path")
        agent = None if said in (None, "-", "") else _plain(said)
        self._left_out(status, agent, path or "")
        kind, item = self._page(method, path or "")
        known = None if user == "-" else text(_plain(user), "user")
        visitor = text(f"{host} {_digest(agent)}", "host")
        device, platform, browser = self.settings.agent(agent)
        event = {
            **BLANK,
            "customer": self.settings.customer(known, visitor),
            "time": time,
            "kind": kind,
            "item": item,
            "channel": "web",
            "id": None,
            "source": None,
            "user_id": known,
            "anonymous_id": visitor,
            "device": device,
            "platform": platform,
            "browser": browser,
            "page": path,
        }
        return [event], []

    def _left_out(self, status: str, agent: str | None, path: str) -> None:
        if not (status.startswith("2") or status == "304"):
            raise Refused(f"status {status[0]}xx: no content", skipped=True)
        if agent not in self._known:  # a log has few different ones
            self._known[agent] = is_robot(agent)
        if self._known[agent] and not self.robots:
            raise Refused("a robot", skipped=True)
        if not self.parts and path.rpartition(".")[2].lower() in PARTS:
            raise Refused("a part of a page", skipped=True)

    def _page(self, method: str, path: str) -> tuple[str, str | None]:
        kind = self.settings.kind(method)
        for page in self.pages:
            found = page.pattern.search(path)
            if found:
                item = found.groupdict().get(ITEM)
                return page.kind, text(item, "item")
        return kind, None


def _time(stamp: str) -> int:
    found = STAMP.fullmatch(stamp)
    if found is None or found[2] not in MONTHS:
        raise Refused("time can't be read")
    day, month, year, hour, minute, second, sign, ahead, over = found.groups()
    offset = dt.timedelta(hours=int(ahead), minutes=int(over))
    try:
        zone = dt.timezone(-offset if sign == "-" else offset)
        moment = dt.datetime(
            int(year), MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=zone
        )
    except ValueError:
        raise Refused("time can't be read") from None
    return since_epoch(moment, "time")


def _plain(field: str) -> str:
    r"""A field without its escapes; \xhh are bytes of UTF-8."""
    if "\\" not in field:
        return field
    raw = ESCAPE.sub(_byte, field)
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _byte(found: re.Match[str]) -> str:
    """What an escape stands for; a byte beyond ASCII is a lone surrogate, as in surrogateescape."""
    if found[1]:
        byte = int(found[1], 16)
        return chr(byte if byte < 128 else 0xDC00 + byte)
    return WRITTEN.get(found[2], found[2])


def _digest(agent: str | None) -> str:
    told = (agent or "").encode(errors="surrogatepass")
    return hashlib.blake2b(told, digest_size=4).hexdigest()


def _patterns(pages: Any, call: str) -> tuple[Page, ...]:
    if not isinstance(pages, Mapping):
        raise ArgumentError(
            f"{call}: pages is {pages!r}; it takes a mapping from patterns to kinds: "
            "{r'^/product/(?P<item>[^/]+)': 'view'}."
        )
    out = []
    for pattern, kind in pages.items():
        checked_text(kind, f"{call}: pages[{pattern!r}]")
        try:
            out.append(Page(re.compile(checked_text(pattern, f"{call}: a pattern in pages")), kind))
        except re.error as error:
            raise ArgumentError(
                f"{call}: pages has the pattern {pattern!r}, which is none: {error}."
            ) from None
    return tuple(out)
