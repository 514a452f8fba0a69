"""What makes two spellings one: tables of real ones, hostile ones, and laws."""

import builtins
import re
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onefold.errors import ArgumentError
from onefold.identity import normal_email
from onefold.identity.normal import NAMES, normaliser

ALL = [*[(name, None) for name in NAMES], ("phone", "DE"), ("phone", "US"), ("phone", "IT")]
F = {pair: normaliser(pair[0], region=pair[1], argument="normalise") for pair in ALL}

# What is hostile by its characters; each is tried alone and inside of good values.
CHARACTERS = (
    *("\x00", "\n", "\x7f", "\x85", "\x1b", "\u200b", "\u200d", "\u202e", "\u2066", "\u2028"),
    *("\ufeff", "\u00ad", "\ud800", "\udfff", "\uffff", "\ufdd0", "\U0010ffff", "\ue000"),
    *("\u034f", "\u3164", "\ufe0f", "\u2800", "\U000e0001", "\U000e0101"),
)
HOSTILE = (
    *("", " ", "\t\r\n", "@", "@@", "a@", "@a.b", ":", "::", "+", "-", "<>", "<<a@x.org>>", "//"),
    *("'; DROP TABLE users; --", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x/a}"),
    *("../../etc/passwd", "%00", "mailto:", "mailto:mailto:a@x.org", "tel:", "acct:", "https://"),
    *("https:///", "http://@/", "x:", ":ann", "a:b:c", "@ann@", "@@ann@x.org", "\U0001f600"),
    *("xn--", "a@xn--.org", "a@xn--a-.org", "a@\u0301.org", "\u0301", "a@-.org", "a@..", "a@."),
    *("\u0301" * 500, "\u1e9e" * 1024, "\u0390" * 1024, "\U0001d160" * 1024, "\u0130" * 1024),
    *("a" * 1024, "a" * 1025, "@" * 1024, "." * 1024, "+" * 1024, "0" * 1024, "1" * 40),
    *("a@" + "a." * 511, "a@" + "\u00e9" * 1000, "a@" + "\u00e9." * 500, "<" * 1024, ">" * 1024),
    *("https://x.com/" + "a/" * 500, "x:" * 512, "@" + "a@" * 500, "%25" * 341, "(" * 60, "x" * 60),
    *("+49" + " " * 60, "+49" + "," * 50 + "ext", ";ext=" * 12, "1 " * 32, "#" * 64),
    *("\uff0b\uff14\uff19" * 20, "\u0661" * 30, "\u202a" * 64),
)
EMAILS = st.sampled_from(
    [
        *("@", ".", "+", "-", "_", "..", "@x.org", "ann", "A", "x", "org", "1", "co", "\xfc", " "),
        *("@x.", "a@", ":", "<", ">", '"', "'", "mailto:", "a" * 62, "b" * 63, "c." * 90, "%40"),
    ]
)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (" 4711 ", "4711"),
        ("Ann", "Ann"),
        ("Zoe\u0308", "Zo\xeb"),
        ("12 34", "12 34"),
        ("\xa0A-1\u3000", "A-1"),
        ("\u212a", "K"),  # the sign for kelvin is the letter, says Unicode
        ("\ufb01", "\ufb01"),  # a ligature is not its letters
        ("\u0430nn", "\u0430nn"),  # Cyrillic a
        ("\U0001f600", "\U0001f600"),
        ("\U0001f468\u200d\U0001f469", None),  # joined emoji
        ("a\nb", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_exact(given_, said):
    assert F["exact", None](given_) == said


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (" ANN ", "ann"),
        ("Stra\xdfe", "strasse"),
        ("\u1e9e", "ss"),
        ("\u03a3\u03c2", "\u03c3\u03c3"),
        ("\u0410nn", "\u0430nn"),
        ("\u1e9e" * 600, None),  # longer than allowed as "ss"
        ("\u0390" * 600, "\u0390" * 600),
    ],
)
def test_lower(given_, said):
    assert F["lower", None](given_) == said


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ("ann@x.org", "ann@x.org"),
        (" Ann@X.ORG\r\n", "ann@x.org"),
        ("Ann Lee <ann@x.org>", "ann@x.org"),
        ('"Lee, Ann" <Ann@x.org>', "ann@x.org"),
        ("<ann@x.org>", "ann@x.org"),
        ("mailto:ann@x.org", "ann@x.org"),
        ("MAILTO:ann%40x.org?subject=Hi%20you", "ann@x.org"),
        ("ann@x.org.", "ann@x.org"),
        ("ann.lee+news@gmail.com", "ann.lee+news@gmail.com"),
        ("a..b.@docomo.ne.jp", "a..b.@docomo.ne.jp"),
        ("o'neil@x.org", "o'neil@x.org"),
        ("ann@B\xfccher.de", "ann@xn--bcher-kva.de"),
        ("ann@bu\u0308cher.DE", "ann@xn--bcher-kva.de"),
        ("ann@XN--BCHER-KVA.de", "ann@xn--bcher-kva.de"),
        ("ann@stra\xdfe.de", "ann@xn--strae-oqa.de"),  # the example of IDNA 2008
        ("ann@\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", "ann@xn--r8jz45g.xn--zckzah"),
        ("J\xd6RG@x.org", "j\xf6rg@x.org"),
        ("\u0430nn@x.org", "\u0430nn@x.org"),  # Cyrillic a: somebody else
        ("ann@x", None),
        ("ann", None),
        ("ann@", None),
        ("@x.org", None),
        ("ann@@x.org", None),
        ("ann@x.org, bob@x.org", None),
        ("ann lee@x.org", None),
        ("ann@x .org", None),
        ("ann(work)@x.org", None),
        ('"ann"@x.org', None),
        ("ann@[10.0.0.1]", None),
        ("ann@10.0.0.1", None),
        ("ann@-x.org", None),
        ("ann@x..org", None),
        ("ann@\uff58.org", None),  # a wide x
        ("ann@i\u2764.ws", None),
        ("a" * 65 + "@x.org", None),
        ("a@" + "b" * 64 + ".org", None),
        ("a\u200b@x.org", None),
        ("n/a", None),
    ],
)
def test_email(given_, said):
    assert F["email", None](given_) == said


@given(value=st.lists(EMAILS, max_size=9).map("".join))
def test_the_quick_look_at_common_addresses_says_the_same(value):
    quick = F["email", None](value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normal_email, "COMMON", re.compile(r"(?!)"))
        assert F["email", None](value) == quick


def test_the_domain_is_that_of_the_library_idna():
    idna = pytest.importorskip("idna")
    for name in (
        "b\xfccher",
        "stra\xdfe",
        "\u4f8b\u3048",
        "\u03b2\u03cc\u03bb\u03bf\u03c2",
        "\u0430",
    ):
        there = idna.encode(name).decode()
        assert F["email", None](f"a@{name}.org") == f"a@{there}.org"


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ("A.n.n+shop@GoogleMail.com", "ann@gmail.com"),
        ("a.nn+shop@x.org", "a.nn@x.org"),
        ("+49170@x.org", "+49170@x.org"),
        (".+a@gmail.com", ".@gmail.com"),
        ("ann", None),
    ],
)
def test_mailbox(given_, said):
    assert F["mailbox", None](given_) == said


@pytest.mark.parametrize(
    ("region", "given_", "said"),
    [
        ("DE", "0170 1234567", "+491701234567"),
        ("DE", "0170/123 45 67", "+491701234567"),
        ("DE", "+49 (0)170 1234567", "+491701234567"),
        ("DE", "0049-170-1234567", "+491701234567"),
        ("DE", "tel:+49-170-1234567", "+491701234567"),
        ("DE", "\u202a+49 170 1234567\u202c", "+491701234567"),
        ("DE", "\uff0b49 170 1234567", "+491701234567"),
        ("DE", "(030) 123456-0", "+49301234560"),
        ("DE", "+1 212 555 2368", "+12125552368"),
        ("US", "(212) 555-2368", "+12125552368"),
        ("US", "1-212-555-2368", "+12125552368"),
        ("US", "212.555.2368 x12", "+12125552368;ext=12"),
        ("US", "+12125552368;ext=12", "+12125552368;ext=12"),
        ("US", "212-555-2368 ext. 12", "+12125552368;ext=12"),
        ("US", "555-2368", None),  # in which town?
        ("US", "1-800-FLOWERS", None),
        ("IT", "06 698 12345", "+390669812345"),  # the zero stays
        (None, "+44 20 7946 0018", "+442079460018"),
        (None, "0170 1234567", None),
        (None, "00491701234567", "+491701234567"),
        (None, "0049 151 23456789", "+4915123456789"),
        (None, "(0049) 170-1234567", "+491701234567"),
        (None, "000491701234567", None),
        ("US", "0049 151 23456789", None),  # there it is 011
        (None, "+999 1234567", None),
        (None, "ann@x.org", None),
        ("DE", "1", None),
        ("DE", "110", None),
        ("DE", "n/a", None),
        ("DE", "+49 170 1234567, +49 170 7654321", None),
        ("DE", "0170 1234567, 0170 7654321", None),
        ("DE", "030 12345, 67", None),
        ("DE", "+", None),
    ],
)
def test_phone(region, given_, said):
    f = normaliser("phone", region=region, argument="normalise")
    assert f(given_) == said


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ("@Ann", "ann"),
        ("ann.lee_1", "ann.lee_1"),
        ("https://www.instagram.com/Ann/?hl=de", "instagram:ann"),
        ("instagram.com/ann", "instagram:ann"),
        ("Instagram:@Ann", "instagram:ann"),
        ("ig:ann", "instagram:ann"),
        ("https://twitter.com/Ann", "x:ann"),
        ("https://x.com/ann/status/12", "x:ann"),
        ("https://mobile.twitter.com/ann#top", "x:ann"),
        ("twitter:ann", "x:ann"),
        ("https://m.facebook.com/ann.lee", "facebook:ann.lee"),
        ("https://www.facebook.com/profile.php?id=1000123&sk=about", "facebook:1000123"),
        ("https://de.linkedin.com/in/Ann-Lee-1a/", "linkedin:ann-lee-1a"),
        ("https://www.tiktok.com/@ann", "tiktok:ann"),
        ("https://youtube.com/@Ann", "youtube:ann"),
        ("https://www.threads.net/@ann", "threads:ann"),
        ("@ann@threads.net", "threads:ann"),
        ("https://bsky.app/profile/ann.bsky.social", "bluesky:ann.bsky.social"),
        ("https://t.me/ann", "telegram:ann"),
        ("https://www.reddit.com/user/Ann", "reddit:ann"),
        ("https://www.pinterest.co.uk/ann/", "pinterest:ann"),
        ("@Ann@Mastodon.Social", "mastodon.social:ann"),
        ("acct:ann@mastodon.social", "mastodon.social:ann"),
        ("https://mastodon.social/@ann", "mastodon.social:ann"),
        ("https://mastodon.social/users/ann", "mastodon.social:ann"),
        ("https://mastodon.social/@ann@threads.net", "threads:ann"),
        ("mastodon.social:ann", "mastodon.social:ann"),
        ("https://x.com/%41nn", "x:ann"),
        ("https://x.com/ann%00", None),
        ("https://www.instagram.com/p/Cxyz/", None),
        ("https://www.instagram.com/explore/", None),
        ("https://www.instagram.com/", None),
        ("https://www.youtube.com/watch?v=1", None),
        ("https://www.youtube.com/channel/UC123", None),  # case counts in these, and is gone
        ("https://www.linkedin.com/company/acme", None),
        ("https://shop.example-shop.org/ann", None),
        ("ann@x.org", None),  # an address of e-mail
        ("@", None),
        ("___", None),
        ("ann lee", None),
        ("javascript:alert(1)", None),
    ],
)
def test_social(given_, said):
    assert F["social", None](given_) == said


def test_a_bare_handle_is_never_one_with_a_network():
    assert F["social", None]("ann") != F["social", None]("instagram:ann")


@pytest.mark.parametrize("pair", ALL, ids=str)
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_give_a_string_or_none(pair, value):
    _sound(F[pair], value)


@pytest.mark.parametrize("pair", ALL, ids=str)
@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
def test_what_cannot_be_seen_is_refused(pair, character):
    f = F[pair]
    for good in ("ann@x.org", "annlee", "+491701234567", "https://x.com/annlee"):
        bad = good[:4] + character + good[4:]
        assert f(bad) is None
        _sound(f, character + good + character)


@pytest.mark.parametrize("pair", ALL, ids=str)
def test_the_worst_values_are_quick(pair):
    f = F[pair]
    long = ("a" * 10**6, "@" * 10**6, " " * 10**6, "\u0301" * 10**6, "0" * 10**6, "<" * 10**6)
    for value in (*HOSTILE, *long):
        start = time.perf_counter()
        f(value)
        assert time.perf_counter() - start < 0.1


PIECES = st.sampled_from(
    [
        *(
            "@",
            ".",
            "+",
            ":",
            "/",
            "<",
            ">",
            " ",
            "?",
            "#",
            "%40",
            "%2B",
            "%41",
            "mailto:",
            "tel:",
            "acct:",
        ),
        *(
            "https://",
            "www.",
            "x.com",
            "twitter",
            "instagram.com",
            "/in/",
            "de.linkedin.com",
            "users",
        ),
        *(
            "ann",
            "ANN",
            "gmail.com",
            "xn--bcher-kva",
            "b\xfccher",
            "\xdf",
            "\u1e9e",
            "\u0130",
            "\u03a3",
        ),
        *("0", "00", "49", "+49", "+1", "170", "1234567", "555", "x", "ext. ", ";ext=", "(0)", "-"),
        *("\u0301", "\u0345", "\u3002", "\u212a", "\u00b7", "\u0661", "\uff0b", "\u202a", "\xa0"),
        *("\u0130", "\u03a3"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(categories=("L", "M", "N", "Cs", "Cf", "Zs")), max_size=12),
    st.lists(PIECES, max_size=10).map("".join),
    st.from_regex(r"\+?[0-9]{3,16}", fullmatch=True),
    st.from_regex(r"\A\+[1-9][0-9 ]{6,16}\Z"),
)


@pytest.mark.parametrize("pair", ALL, ids=str)
@given(value=VALUES)
@example(value="\u0345\u0301")
@example(value="\u1fb7\u0345")
@example(value="\u0130")
@example(value="+49 00170 1234567")
@example(value="+1 1 212 555 2368")
@example(value="mailto:mailto:a@x.org")
@example(value="<<a@x.org>>")
def test_laws(pair, value):
    _sound(F[pair], value)


def _sound(f, value):
    """A string or None, the same the second time; composed, and nothing in it unseen."""
    said = f(value)
    if said is None:
        return
    assert isinstance(said, str)
    assert said and said == said.strip() and len(said) <= 1024
    assert f(said) == said
    assert unicodedata.is_normalized("NFC", said)
    said.encode()


@pytest.mark.parametrize("name", ["emial", "", None, 3, "E-Mail"])
def test_an_unknown_name(name):
    with pytest.raises(ArgumentError, match=r"IdentifierType: normalise is .*'exact', 'lower'"):
        normaliser(name, argument="IdentifierType: normalise")


def test_a_hint_for_a_name():
    with pytest.raises(ArgumentError, match="Did you mean 'email'"):
        normaliser("emial", argument="normalise")


@pytest.mark.parametrize("region", ["D", "de", "Germany", 49, "", "ZZ"])
def test_an_unknown_region(region):
    with pytest.raises(ArgumentError, match=r"region is .* country's two letters"):
        normaliser("phone", region=region, argument="normalise")


def test_a_region_that_nobody_reads():
    with pytest.raises(ArgumentError, match="only 'phone' reads"):
        normaliser("email", region="DE", argument="normalise")


def test_without_phonenumbers(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("phonenumbers"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ArgumentError, match=r'pip install "onefold\[phone\]".*normalise="exact"'):
        normaliser("phone", argument="normalise")
