"""Passwords: hashed with scrypt, checked in the same time whether the account exists or not (wschat 3.13)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Final

_SALT: Final = 16
_KEY: Final = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs: 128 * n * r bytes of memory, and time in proportion to n * r * p."""

    n: int = 2**15
    r: int = 8
    p: int = 1


def _derive(password: str, salt: bytes, cost: Cost) -> bytes:
    # scrypt pads and folds what it is given; a digest of fixed length keeps passwords of any length apart.
    octets = hashlib.sha256(password.encode()).digest()
    memory = 128 * cost.r * (cost.n + cost.p + 2) + 1024 * 1024
    return hashlib.scrypt(octets, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory, dklen=_KEY)


def hash_password(password: str, cost: Cost) -> str:
    """Give what is stored of a password: ``scrypt$n$r$p$salt$key``, salt and key in base64."""
    salt = os.urandom(_SALT)
    words = [base64.b64encode(octets).decode() for octets in (salt, _derive(password, salt, cost))]
    return "$".join(("scrypt", str(cost.n), str(cost.r), str(cost.p), *words))


def password_matches(password: str, stored: str, cost: Cost) -> bool:
    """Say whether a password is the stored one; where nothing is stored, take as long to say no."""
    words = stored.split("$")
    if len(words) != 6 or words[0] != "scrypt":
        _derive(password, bytes(_SALT), cost)
        return False
    n, r, p = map(int, words[1:4])
    salt, key = map(base64.b64decode, words[4:6])
    return hmac.compare_digest(_derive(password, salt, Cost(n, r, p)), key)
