"""Addresses of e-mail: in small letters, the domain in ASCII.

    " Ann <ANN@Bücher.DE> "  ->  "ann@xn--bcher-kva.de"      "ann at x.org"  ->  None

Lax where providers are (dots anywhere before the @), strict where a value can't be an address.
A domain of other letters is written in Punycode (RFC 3492), so that both ways of writing it are
one. "ß" stays apart from "ss", as in IDNA 2008: strauß.de and strauss.de have other owners.
"""

import re
import unicodedata
from urllib.parse import unquote

from onefold.identity.spelling import lowered, plain

SHOWN = re.compile(r"[^<>]*<([^<>]*)>")  # Ann <ann@x.org>
SPECIAL = re.compile(r'[\s"(),:;<>\[\]\\]')  # what only stands in quotes: RFC 5322, section 3.2.3
# Most addresses, in ASCII and of common length: the same rules as below in one look.
COMMON = re.compile(
    r"""[^\s"(),:;<>\[\]\\@]{1,64}@"""
    r"(?:[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9_\-]{0,61}[a-z0-9_])?"
)
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_\-]*[a-z0-9_])?")
DOTS = str.maketrans("\u3002\uff0e\uff61", "...")  # other scripts' dots: RFC 3490, section 3.1
LOCAL, LABELS, DOMAIN = 64, 63, 253  # octets: RFC 5321, section 4.5.3.1; RFC 1035, section 2.3.4
GOOGLE = ("gmail.com", "googlemail.com")


def email(value: str | None) -> str | None:
    """The address in its one spelling, None where it is none."""
    value = plain(value)
    if value is None:
        return None
    if len(value) <= DOMAIN and value.isascii() and COMMON.fullmatch(small := value.lower()):
        return small
    if value.endswith(">"):
        inside = SHOWN.fullmatch(value)
        value = inside[1].strip() if inside else ""
    if value[:7].lower() == "mailto:":
        value = plain(unquote(value[7:].partition("?")[0], errors="replace")) or ""
    local, at, domain = value.partition("@")
    if not at or SPECIAL.search(local):
        return None
    local, host = lowered(local), _ascii(domain)
    if not local or host is None or len(local.encode()) > LOCAL:
        return None
    return f"{local}@{host}"


def mailbox(value: str | None) -> str | None:
    """As `email`, without +tags, and at Gmail without dots: where mail arrives, as a rule.

    Not the default: what a tag is, only the provider knows (RFC 5233 leaves it to them), and
    where dots and tags do count, two people would become one.
    """
    value = email(value)
    if value is None:
        return None
    local, _, host = value.partition("@")
    base = local.partition("+")[0] or local  # "+49170@x.org" has no tag
    if host in GOOGLE:
        base, host = base.replace(".", "") or base, GOOGLE[0]
    return f"{base}@{host}"


def _ascii(domain: str) -> str | None:
    """The domain in ASCII and small letters, None where it is none."""
    domain = lowered(domain.translate(DOTS)).removesuffix(".")
    labels = [_label(part) for part in domain.split(".")]
    if len(labels) < 2 or None in labels:  # one label alone is nobody's on the Internet: RFC 7085
        return None
    host = ".".join(part for part in labels if part)
    ends = host.rpartition(".")[2]
    return host if len(host) <= DOMAIN and not ends.isdigit() else None  # 10.0.0.1 is a number


def _label(part: str) -> str | None:
    if len(part) > LABELS:
        return None
    if part.isascii():
        return part if LABEL.fullmatch(part) else None
    if unicodedata.normalize("NFKC", part) != part or not all(map(_letter, part)):
        return None  # letters that no domain may have: RFC 5892, section 2
    part = "xn--" + part.encode("punycode").decode("ascii")
    return part if len(part) <= LABELS else None


def _letter(character: str) -> bool:
    return character in "-\u00b7\u30fb" or unicodedata.category(character)[0] in "LMN"
