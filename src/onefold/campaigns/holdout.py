"""The holdout: customers who are chosen by a keyed hash of their id, and by nothing else.

    held out  <=>  BLAKE2b(id; key, salt = hash of the campaign's name)  <  share * 2**64

The hash does not know the share, so raising it only moves customers in. Another name gives
another, unrelated choice, and the same name the same one in every process. Without the key nobody
can find ids that are held out, or that are not.
"""

import hashlib
from collections.abc import Iterable

import numpy as np

from onefold._types import Bools

PERSON = b"onefold.holdout"  # so that no other use of the key and the salt gives these hashes


def held_out(ids: Iterable[str], *, share: float, name: str, key: str | bytes | None) -> Bools:
    """Which of the ids (n,) are held out.

    Args:
        ids: Ids, as strings.
        share: Share of customers to hold out, 0 to below 1.
        name: Name of the campaign.
        key: A secret, or None.
    """
    secret = b"" if key is None else hashlib.blake2b(_bytes(key)).digest()
    salt = hashlib.blake2b(_bytes(name), digest_size=hashlib.blake2b.SALT_SIZE).digest()
    start = hashlib.blake2b(digest_size=8, key=secret, salt=salt, person=PERSON)
    digests = []
    for one in ids:  # hashlib takes one text at a time: less than a microsecond each
        held = start.copy()
        held.update(one.encode("utf-8", "surrogatepass"))
        digests.append(held.digest())
    hashes = np.frombuffer(b"".join(digests), dtype="<u8")
    out: Bools = hashes < np.uint64(int(share * 2**64))
    return out


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
