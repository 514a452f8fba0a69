"""Handles of social networks: network:handle, or the handle alone.

    "https://www.instagram.com/Ann/?hl=de", "instagram:@Ann"  ->  "instagram:ann"
    "https://twitter.com/Ann", "x:ann"                        ->  "x:ann"
    "@ann@mastodon.social", "https://mastodon.social/@ann"    ->  "mastodon.social:ann"
    "@Ann"                                                    ->  "ann"

A handle without its network is never one with a network: "ann" of Instagram and "ann" of X may
be two people. So give each network a type of its own, or values with the network in them.
"""

import re
from urllib.parse import unquote

from onefold.identity.spelling import folded, plain

# Each network's hosts, those where the same handles live. Any subdomain of them is the network.
HOSTS = {
    "instagram.com": "instagram",
    "instagr.am": "instagram",
    "twitter.com": "x",
    "x.com": "x",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "fb.me": "facebook",
    "m.me": "facebook",
    "messenger.com": "facebook",
    "linkedin.com": "linkedin",
    "tiktok.com": "tiktok",
    "youtube.com": "youtube",
    "threads.net": "threads",
    "threads.com": "threads",
    "bsky.app": "bluesky",
    "t.me": "telegram",
    "telegram.me": "telegram",
    "snapchat.com": "snapchat",
    "reddit.com": "reddit",
    "github.com": "github",
    "twitch.tv": "twitch",
    "vk.com": "vk",
    "xing.com": "xing",
    "medium.com": "medium",
    **{f"pinterest.{end}": "pinterest" for end in ("com", "de", "at", "ch", "fr", "it", "es")},
    "pinterest.co.uk": "pinterest",
}
ALIASES = {"twitter": "x", "insta": "instagram", "ig": "instagram", "fb": "facebook"}
# Words before the handle in the path of a profile's address.
BEFORE = {
    "linkedin": ("in", "pub"),
    "reddit": ("user", "u"),
    "snapchat": ("add", "@"),
    "bluesky": ("profile",),
    "xing": ("profile",),
    "youtube": ("user", "c"),
}
ONLY_AT = ("tiktok", "threads", "medium")  # a person's page has an @ there, other pages none
ONLY_BEFORE = ("linkedin", "reddit", "bluesky", "xing")
# First words of pages that are no person's.
PAGES = re.compile(
    r"about|account|accounts|ads|api|app|business|channel|company|contact|direct|events|"
    r"explore|feed|groups|hashtag|help|home|i|intent|jobs|legal|live|login|logout|marketplace|"
    r"messages|p|pages|permalink\.php|photo|photo\.php|pin|playlist|popular|posts|privacy|"
    r"profile\.php|public|r|reel|reels|results|search|settings|share|sharer|sharer\.php|shop|"
    r"shorts|signup|status|stories|story\.php|support|terms|tos|tv|watch"
)
ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?([a-z0-9.\-]{1,253}\.[a-z]{2,24})(?::\d{1,5})?/(.*)")
NETWORK = re.compile(r"[a-z][a-z0-9.\-]{0,80}")
HANDLE = re.compile(r"(?=.*[^\W_])[\w.\-~]{1,100}")


def social(value: str | None) -> str | None:
    """The handle in its one spelling, None where it is none."""
    value = plain(value)
    value = None if value is None else folded(value)
    if value is None:
        return None
    address = ADDRESS.fullmatch(value)
    if address:
        return _profile(address[1].strip("."), address[2])
    if value.startswith("acct:"):  # RFC 7565
        value = "@" + value[5:].removeprefix("@")
    network, colon, handle = value.rpartition(":")
    if colon:
        return _named(network, handle)
    first, _, host = value.removeprefix("@").partition("@")
    if host and value.startswith("@"):
        return _named(host, first) if "." in host else None
    return first if not host and HANDLE.fullmatch(first) else None


def _named(network: str, handle: str) -> str | None:
    """network:handle, the network in its one name."""
    network = ALIASES.get(network, _network(network))
    handle = handle.removeprefix("@")
    if not NETWORK.fullmatch(network) or not HANDLE.fullmatch(handle):
        return None
    return f"{network}:{handle}"


def _network(host: str) -> str:
    """The network of a host, also of a subdomain such as de.linkedin.com; else the host."""
    parts = host.split(".")
    for i in range(max(len(parts) - 3, 0), len(parts) - 1):  # two or three last parts
        found = HOSTS.get(".".join(parts[i:]))
        if found:
            return found
    return host


def _profile(host: str, rest: str) -> str | None:
    """network:handle of a profile's address."""
    path, _, query = rest.partition("#")[0].partition("?")
    network = _network(host)
    parts = [p for p in (folded(unquote(p)) for p in path.split("/")) if p]
    if network == "facebook" and parts == ["profile.php"]:
        number = re.search(r"(?:^|&)id=(\d{1,20})(?:&|$)", query)
        return f"facebook:{number[1]}" if number else None
    if not parts:
        return None
    if network in BEFORE and parts[0] in BEFORE[network]:
        return _named(network, parts[1]) if len(parts) > 1 else None
    at = parts[0].startswith("@")
    if at and "@" in parts[0][1:]:  # a page of one server about a person of another
        return social(parts[0])
    if network == host:  # no network that we know: a server of the Fediverse
        if parts[0] == "users" and len(parts) > 1:
            return _named(network, parts[1])
        return _named(network, parts[0]) if at else None
    if network in ONLY_BEFORE or (network in ONLY_AT and not at) or PAGES.fullmatch(parts[0]):
        return None
    if network == "youtube" and not at and len(parts) > 1:
        return None
    return _named(network, parts[0])
