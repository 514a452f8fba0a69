"""Segment's calls: track, page, screen, identify, group and alias, as JSON.

    track "Order Completed" with two products  ->  two events "purchase" in one basket
    identify with traits                       ->  facts from the call's time on

The fields are those of Segment's spec: common fields, the calls, e-commerce (version 2, with the
names of version 1), email. RudderStack and others write the same calls.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, final

import attrs

from onefold.readers.build import BLANK
from onefold.readers.fixed import Fixed
from onefold.readers.gathering import Fact, Found, gathered
from onefold.readers.names import columns, count
from onefold.readers.orders import Product, Stated, ordered, sign
from onefold.readers.read import Read
from onefold.readers.settings import NO_TIME, Chosen, Kinds, Settings, settings
from onefold.readers.sources import Line, Ready, Record, documents, records_of
from onefold.readers.values import Refused, absent, inside, instant, listed, mapping, path_of, text

SEGMENT_KINDS: Kinds = Fixed(
    {
        "Order Completed": "purchase",
        "Completed Order": "purchase",
        "Order Refunded": "return",
        "Product Viewed": "view",
        "Viewed Product": "view",
        "Product Added": "cart",
        "Added Product": "cart",
        "Products Searched": "search",
        "Product Clicked": "click",
        "Clicked Product": "click",
        "Promotion Clicked": "click",
        "Clicked Promotion": "click",
        "Email Opened": "open",
        "Email Link Clicked": "click",
    }
)
"""Names of Segment's spec and the kinds that they are here; other names stay as they are."""

MONEY = {"Order Completed": 1, "Completed Order": 1, "Order Refunded": -1}
LISTS = {  # what was shown, not chosen: one event without an item
    "Product List Viewed",
    "Viewed Product Category",
    "Product List Filtered",
    "Cart Viewed",
}
CALLS = ("track", "page", "screen", "identify", "alias", "group")
MOBILE = ("ios", "android", "kotlin", "swift", "react-native", "flutter", "xamarin", "unity")
WEB = ("analytics.js", "analytics-next", "RudderLabs JavaScript SDK")
CHANNELS = {"browser": "web", "client": "web"}


def segment(
    source: Any,
    *,
    kinds: Kinds | None = SEGMENT_KINDS,
    properties: Chosen = (),
    anonymous: bool = True,
    currency: str | None = None,
    tz: str | None = None,
    system: str | None = "segment",
    identities: bool = False,
) -> Read:
    """Read calls of Segment's spec: JSON lines, a JSON list, or batches as sent to its API.

    A `track`, `page` or `screen` call becomes an event. Its customer is `userId`, else
    `anonymousId`; its time `timestamp` (else `originalTimestamp`), known from `receivedAt` on; its
    kind the name of the event, or "page" and "screen". A call with `products` becomes one event a
    product: price times quantity is the value of an order's line, `order_id` its basket, and its
    id is `messageId/1`, `messageId/2`. An `identify` call states facts; one that carries both ids,
    and an `alias` call, become an event too, for the link between the two. A `group` call is
    skipped: it is about accounts.

    The discount of a line is taken off it, that of an order is spread over its lines in proportion
    to their amounts, so that they add up to `revenue` or `subtotal`; where the lines add up to one
    of these as they are, their prices are after discounts. Lines without a price share the rest of
    the total in equal parts. Where lines and total still differ, `notes` counts it.

    Args:
        source: A path (gzipped or not), a list of paths, or an iterable of lines or dictionaries.
        kinds: Kinds by the names of events; None as a kind leaves such events out, None as the
            mapping keeps all names.
        properties: Further properties of events: paths such as "properties.plan", or a mapping
            from a property's name to its path.
        anonymous: Whether events without a user id are kept, under the anonymous one.
        currency: Currency of the log; left out, the one that most amounts are in. Amounts in
            another one are rejected, those that name none are taken to be in it.
        tz: Zone in which times without one are read; left out, they are rejected.
        system: The system whose ids of events these are.
        identities: Keep all identifiers, for `onefold.resolve`, instead of one customer: `userId`
            as "user_id", `anonymousId` as "cookie", `context.device` as "device", and of the traits
            "email" and "phone". An `alias` call links `previousId`, as a "cookie".

    Returns:
        The log, and what became of each call.

    Raises:
        ArgumentError: If an argument is wrong, no record looks like one of these calls,
            or every one is rejected.
        FileError: If there is no such file.

    Examples:
        >>> import onefold as of
        >>> from onefold import readers
        >>> read = readers.segment(readers.example("segment"))
        >>> read.accepted, dict(read.skipped), len(read.rejected)
        (9, {'a group call: it is about accounts': 1}, 4)
        >>> ann = of.fold(read.log)["ann"]
        >>> ann["monetary"], ann["frequency"], ann["plan"]
        (24.7, 1.0, 'pro')
    """
    call = "readers.segment"
    chosen = settings(
        call,
        kinds=kinds,
        properties=properties,
        anonymous=anonymous,
        currency=currency,
        tz=tz,
        system=system,
        identities=identities,
    )
    return gathered(
        records_of(source, calls, call),
        Calls(chosen),
        call=call,
        looks="A call is an object with a type such as 'track' or 'identify'",
        currency=chosen.currency,
        chosen=chosen.chosen,
        notes=chosen.notes,
        sure=isinstance(source, Ready) and source.sure,
    )


def calls(name: str | None, lines: Iterator[Line]) -> Iterator[Record]:
    """The calls in lines; a batch is as many as it holds."""
    for record in documents(name, lines):
        document = record[3]
        if isinstance(document, dict) and isinstance(document.get("batch"), list):
            yield from ((name, record[1], one, one) for one in document["batch"])
        else:
            yield record


@final
@attrs.frozen(eq=False)
class Calls:
    """What a call means: its events and facts."""

    settings: Settings

    def __call__(self, document: Any) -> Found:
        """Events and facts of one call."""
        if not isinstance(document, dict):
            raise Refused("not an object", foreign=True)
        kind = document.get("type")
        if kind is None:
            raise Refused("no type", foreign=True)
        if kind not in CALLS:
            raise Refused("type is not one of the spec's calls", foreign=True)
        if kind == "group":
            raise Refused("a group call: it is about accounts", skipped=True)
        context = mapping(document.get("context"), "context")
        event = self._event(document, context)
        if kind in ("identify", "alias"):
            return self._told(document, event, kind)
        told = mapping(document.get("properties"), "properties")
        return self._done(document, event, told, context), []

    def _event(self, document: dict[str, Any], context: Any) -> dict[str, Any]:
        """What every call has: who, when, where, on what."""
        user = text(document.get("userId"), "userId")
        anonymous = text(document.get("anonymousId"), "anonymousId")
        whose = self.settings.whose(user, anonymous, lambda: self._names(document, context))
        label, zone = self.settings.label, self.settings.tz
        time = instant(document.get("timestamp"), "timestamp", zone)
        if time is None:
            time = instant(document.get("originalTimestamp"), "originalTimestamp", zone)
        if time is None:
            raise Refused(NO_TIME)
        device, platform, browser = self.settings.agent(context.get("userAgent"))
        return {
            **BLANK,
            **whose,
            "time": time,
            "received": instant(document.get("receivedAt"), "receivedAt", zone),
            "channel": self._channel(document, context),
            "zone": self.settings.zone(context.get("timezone")),
            "id": text(document.get("messageId"), "messageId"),
            "source": self.settings.system,
            "device": label(inside(context, "device", "model"), "device") or device,
            "platform": label(inside(context, "os", "name"), "platform") or platform,
            "browser": browser,
            "page": path_of(label(inside(context, "page", "path"), "page")),
            "medium": label(inside(context, "campaign", "medium"), "medium"),
            "chosen": self.settings.picked(document),
        }

    def _names(self, document: dict[str, Any], context: Any) -> dict[str, str | None]:
        """All names besides the user's id."""
        name, device = self.settings.name, mapping(context.get("device"), "device")
        own = document.get("traits") if document["type"] == "identify" else context.get("traits")
        traits = mapping(own, "traits")
        return {
            "cookie": text(document.get("anonymousId"), "anonymousId"),
            "device": name(device.get("id"), "id of the device"),
            "device:2": name(device.get("advertisingId"), "advertisingId"),
            "email": name(traits.get("email"), "email"),
            "phone": name(traits.get("phone"), "phone"),
        }

    def _channel(self, document: dict[str, Any], context: Any) -> str | None:
        """Where it happened: as the call says, else by the library that sent it."""
        channel = self.settings.label(document.get("channel"), "channel")
        if channel is not None:
            return CHANNELS.get(channel, channel)
        library = self.settings.label(inside(context, "library", "name"), "library")
        if library is not None:
            return _sent_by(library)
        return {"page": "web", "screen": "mobile"}.get(document["type"])

    def _done(
        self, document: dict[str, Any], event: dict[str, Any], told: Any, context: Any
    ) -> list[dict[str, Any]]:
        """The events of a call about something that was done."""
        call = document["type"]
        name = text(document.get("event"), "event") if call == "track" else call
        kind = event["kind"] = self.settings.kind(name)
        if call != "track":
            own = told.get("path") or told.get("name") or document.get("name")
            event["page"] = path_of(self.settings.label(own, "page")) or event["page"]
            return [event]
        if name is not None and name.startswith("Email "):
            event["channel"] = "email"
        event["basket"] = text(told.get("order_id"), "order_id") or text(
            context.get("sessionId"), "sessionId"
        )
        code = text(told.get("currency"), "currency")
        event["currency"] = None if code is None else code.upper()
        direction = sign(kind) or MONEY.get(str(name), 0)
        order = _order(
            told, ("revenue", "subtotal", "total", "value") if direction else ("revenue",)
        )
        if not direction and order.total is not None:  # money of an event of another name
            direction = 1
        products = [] if name in LISTS else listed(told.get("products"), "products")
        lines = [_product(mapping(one, "a product")) for one in products]
        own, note = _product(told), self.settings.note
        return ordered(event, lines, own=own, sign=direction, order=order, note=note)

    def _told(self, document: dict[str, Any], event: dict[str, Any], call: str) -> Found:
        """Facts that a call states, and the link between two ids as an event."""
        facts: list[Fact] = []
        if call == "identify":
            traits = mapping(document.get("traits"), "traits")
            who, when, known = self.settings.who(event), event["time"], event["received"]
            facts = [(who, when, known, name, held) for name, held in self.settings.facts(traits)]
        else:
            previous = text(document.get("previousId"), "previousId")
            if previous is not None:
                event |= self._previous(event, previous)
        linked = event["user_id"] is not None and event["anonymous_id"] is not None
        linked = linked or count(event) > 1
        events = []
        if linked and self.settings.kinds.get(call, call) is not None:
            events = [event | {"kind": self.settings.kind(call)}]
        if not events and not facts:
            raise Refused(f"{call} with nothing in it but one id", skipped=True)
        return events, facts

    def _previous(self, event: dict[str, Any], previous: str) -> dict[str, str | None]:
        """What an event says of the id that somebody had before."""
        if not self.settings.identities:
            return {"anonymous_id": previous}
        held = event["identifier:cookie"]
        return columns({"cookie": previous, "cookie:2": None if held == previous else held})


@lru_cache(maxsize=256)
def _sent_by(library: str) -> str:
    """Where a library runs; there are a handful of them."""
    if any(system in library for system in MOBILE):
        return "mobile"
    return "web" if library in WEB else "server"


def _order(told: Any, names: tuple[str, ...]) -> Stated:
    """What an order says of itself; the first of the sums that is there is its total."""
    sums = [told.get(name) for name in names if not absent(told.get(name))]
    extras = (told.get("shipping"), told.get("tax"))
    return Stated(sums[0] if sums else None, tuple(sums[1:]), told.get("discount"), extras)


def _product(told: Any) -> Product:
    item = told.get("product_id")
    return Product(
        told.get("sku") if item is None or item == "" else item,
        told.get("price"),
        told.get("quantity"),
        discount=told.get("discount"),
    )
