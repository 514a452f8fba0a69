"""CloudEvents 1.0 as JSON: one event (structured mode), or a list of them (batch).

The envelope is the specification's: id, source, type, time, subject, and extensions. What the
`data` means is not: `fields` says where in it an event's customer, item and amount stand,

    {"item": ("data.sku",), "value": ("data.amount.total", "data.total")}

and the first path that leads to anything is taken.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, final

import attrs

from onefold._check import hint, quoted
from onefold.errors import ArgumentError
from onefold.readers.build import BLANK
from onefold.readers.fixed import Fixed
from onefold.readers.gathering import Found, gathered
from onefold.readers.orders import Product, Stated, ordered, sign
from onefold.readers.read import Read
from onefold.readers.settings import (
    NO_TIME,
    Chosen,
    Kinds,
    Path,
    Settings,
    first_at,
    path,
    settings,
)
from onefold.readers.sources import Ready, documents, parsed, records_of
from onefold.readers.values import Refused, instant, listed, mapping, path_of, text

CLOUDEVENTS_KINDS: Kinds = Fixed(
    {
        "purchase": "purchase",
        "return": "return",
        "view": "view",
        "cart": "cart",
        "search": "search",
        "click": "click",
        "open": "open",
    }
)
"""Kinds by type or by its last part: "com.example.shop.purchase" is a purchase."""

Fields = Mapping[str, str | Sequence[str]]

CLOUDEVENTS_FIELDS: Mapping[str, tuple[str, ...]] = Fixed(
    {
        "user_id": ("data.user_id", "data.userId", "data.customer_id", "data.customerId"),
        "anonymous_id": ("data.anonymous_id", "data.anonymousId", "data.device_id"),
        "email": ("data.email",),
        "phone": ("data.phone",),
        "item": ("data.item", "data.product_id", "data.productId", "data.sku"),
        "value": ("data.value", "data.amount", "data.total"),
        "price": ("data.price",),
        "currency": ("data.currency",),
        "quantity": ("data.quantity",),
        "basket": ("data.order_id", "data.orderId", "data.basket", "data.session_id"),
        "lines": ("data.lines", "data.items", "data.products"),
        "line_item": ("item", "product_id", "productId", "sku", "id"),
        "line_price": ("price", "unit_price", "unitPrice"),
        "line_quantity": ("quantity", "qty"),
        "channel": ("data.channel", "channel"),
        "zone": ("data.timezone", "data.time_zone"),
        "received": ("recordedtime", "data.received_at", "data.receivedAt"),
        "facts": ("data.traits", "data.attributes"),
        "device": ("data.device",),
        "platform": ("data.platform", "data.os"),
        "browser": ("data.browser",),
        "user_agent": ("data.user_agent", "data.userAgent"),
        "page": ("data.page", "data.url"),
        "medium": ("data.medium", "data.utm_medium"),
    }
)
"""Where the readers look for what is no part of the envelope; `fields` changes single ones."""


def cloudevents(
    source: Any,
    *,
    fields: Fields = CLOUDEVENTS_FIELDS,
    kinds: Kinds | None = CLOUDEVENTS_KINDS,
    properties: Chosen = (),
    anonymous: bool = True,
    currency: str | None = None,
    tz: str | None = None,
    identities: bool = False,
) -> Read:
    """Read CloudEvents 1.0: JSON lines, one JSON document, or lists of events in either.

    An event's kind is its `type`, its time `time`, its identity `id` within `source`. All else is
    in `data`, whose form is yours: `fields` names the paths. Without another, the customer is
    `data.user_id` (or a name like it), else `data.anonymous_id`; put `"user_id": "subject"` where
    the subject of your events is the customer. An event with lines becomes one event a line; where
    `facts` leads to an object, its members become facts from the event's time on, and an event
    that has nothing else to say, no item and no value, is those facts only.

    Args:
        source: A path (gzipped or not), a list of paths, or an iterable of lines or dictionaries.
        fields: Where what stands, by the names of `CLOUDEVENTS_FIELDS`: a dotted path or several,
            of which the first that leads to anything is taken. Names that are left out keep
            theirs; an empty list reads nothing.
        kinds: Kinds by type, or by the last part of a type; None as a kind leaves such events out,
            None as the mapping keeps all types.
        properties: Further properties of events: paths such as "data.plan", or a mapping from a
            property's name to its path.
        anonymous: Whether events without a user id are kept, under the anonymous one.
        currency: Currency of the log; left out, the one that most amounts are in. Amounts in
            another one are rejected, those that name none are taken to be in it.
        tz: Zone in which times without one are read; left out, they are rejected.
        identities: Keep all identifiers, for `onefold.resolve`, instead of one customer: what
            stands at "user_id", at "anonymous_id" as "cookie", at "email" and at "phone".

    Returns:
        The log, and what became of each event.

    Raises:
        ArgumentError: If an argument is wrong, no record looks like a CloudEvent,
            or every one is rejected.
        FileError: If there is no such file.

    Examples:
        >>> import onefold as of
        >>> from onefold import readers
        >>> read = readers.cloudevents(readers.example("cloudevents"))
        >>> read.accepted, len(read.rejected)
        (7, 3)
        >>> of.fold(read.log)["ann"]["monetary"]
        24.7
    """
    call = "readers.cloudevents"
    chosen = settings(
        call,
        kinds=kinds,
        properties=properties,
        anonymous=anonymous,
        currency=currency,
        tz=tz,
        system=None,
        identities=identities,
    )
    return gathered(
        records_of(source, documents, call),
        Envelopes(chosen, _fields(fields, call)),
        call=call,
        looks="An event is an object with specversion '1.0', a type, a source and an id",
        currency=chosen.currency,
        chosen=chosen.chosen,
        notes=chosen.notes,
        sure=isinstance(source, Ready) and source.sure,
    )


@final
@attrs.frozen(eq=False)
class Envelopes:
    """What an event means: its lines and facts."""

    settings: Settings
    fields: Mapping[str, tuple[Path, ...]]

    def __call__(self, document: Any) -> Found:
        """Events and facts of one envelope."""
        if not isinstance(document, dict):
            raise Refused("not an object", foreign=True)
        version = document.get("specversion")
        if version is None:
            raise Refused("no specversion", foreign=True)
        if not (isinstance(version, str) and version.startswith("1.")):
            raise Refused("specversion is not 1.0")
        if "data" not in document and "data_base64" in document:
            document = document | {"data": _unpacked(document)}
        key, where = text(document.get("id"), "id"), text(document.get("source"), "source")
        if key is None or where is None:
            raise Refused("no id or no source")
        kind = self._kind(text(document.get("type"), "type"))
        event = self._event(document, key, where) | {"kind": kind}
        traits = mapping(self._read(document, "facts"), "facts")
        who, when, known = self.settings.who(event), event["time"], event["received"]
        facts = [(who, when, known, name, held) for name, held in self.settings.facts(traits)]
        lines = listed(self._read(document, "lines"), "lines")
        own = Product(*(self._read(document, name) for name in ("item", "price", "quantity")))
        total = self._read(document, "value")
        if facts and not lines and own.item is None and total is None:
            return [], facts
        products = [self._product(mapping(line, "a line")) for line in lines]
        direction = sign(kind) or (1 if total is not None else 0)
        order, note = Stated(total), self.settings.note
        return ordered(event, products, own=own, sign=direction, order=order, note=note), facts

    def _names(self, document: dict[str, Any], cookie: str | None) -> dict[str, str | None]:
        """All names besides the user's id."""
        told = {name: self._read(document, name) for name in ("email", "phone")}
        return {"cookie": cookie, **{n: self.settings.name(held, n) for n, held in told.items()}}

    def _event(self, document: dict[str, Any], key: str, where: str) -> dict[str, Any]:
        read, label, zone = self._read, self.settings.label, self.settings.tz
        user = text(read(document, "user_id"), "user id")
        anonymous = text(read(document, "anonymous_id"), "anonymous id")
        whose = self.settings.whose(user, anonymous, lambda: self._names(document, anonymous))
        time = instant(document.get("time"), "time", zone)
        if time is None:
            raise Refused(NO_TIME)
        code = text(read(document, "currency"), "currency")
        device, platform, browser = self.settings.agent(read(document, "user_agent"))
        return {
            **BLANK,
            **whose,
            "time": time,
            "received": instant(read(document, "received"), "received", zone),
            "channel": label(read(document, "channel"), "channel"),
            "currency": None if code is None else code.upper(),
            "basket": text(read(document, "basket"), "basket"),
            "zone": self.settings.zone(read(document, "zone")),
            "id": key,
            "source": where,
            "device": label(read(document, "device"), "device") or device,
            "platform": label(read(document, "platform"), "platform") or platform,
            "browser": label(read(document, "browser"), "browser") or browser,
            "page": path_of(label(read(document, "page"), "page")),
            "medium": label(read(document, "medium"), "medium"),
            "chosen": self.settings.picked(document),
        }

    def _kind(self, name: str | None) -> str:
        if name is None or name in self.settings.kinds:
            return self.settings.kind(name)
        last = name.rpartition(".")[2]
        return self.settings.kind(last if last in self.settings.kinds else name)

    def _product(self, line: Any) -> Product:
        return Product(
            self._read(line, "line_item"),
            self._read(line, "line_price"),
            self._read(line, "line_quantity"),
        )

    def _read(self, document: Any, name: str) -> Any:
        return first_at(document, self.fields[name])


def _unpacked(document: dict[str, Any]) -> Any:
    """Data that came as bytes, if they are JSON."""
    kind = document.get("datacontenttype")
    packed = document.get("data_base64")
    media = kind.partition(";")[0].strip().lower() if isinstance(kind, str) else "application/json"
    if not isinstance(packed, str) or not media.endswith(("/json", "+json")):
        return None
    try:
        held = parsed(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError):
        raise Refused("data_base64 can't be read") from None
    if isinstance(held, Refused):
        raise Refused("data_base64 can't be read")
    return held


def _fields(fields: Fields, call: str) -> Mapping[str, tuple[Path, ...]]:
    argument = f"{call}: fields"
    if not isinstance(fields, Mapping):
        raise ArgumentError(
            f"{argument} is {fields!r}; it takes a mapping from names to paths: "
            "{'user_id': 'subject'}."
        )
    for name in fields:
        if name not in CLOUDEVENTS_FIELDS:
            known = list(CLOUDEVENTS_FIELDS)
            raise ArgumentError(
                f"{argument} has the name {name!r}. Names: {quoted(known, 30)}.{hint(name, known)}"
            )
    out = {}
    for name, given in (dict(CLOUDEVENTS_FIELDS) | dict(fields)).items():
        some = [given] if isinstance(given, str) else given
        if not isinstance(some, Sequence):
            raise ArgumentError(f"{argument}[{name!r}] is {given!r}; it takes a path or several.")
        out[name] = tuple(path(one, f"{argument}[{name!r}]") for one in some)
    return out
