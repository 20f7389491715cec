"""Is this the secret a backup's encrypted columns were written with? Told without keeping the secret in the backup."""

import hashlib
import hmac
import secrets

# RFC 7914 §2: as much work as a person may wait for; a secret somebody made up is not found out by trying words.
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 2**26}


def check_of(secret: str) -> str:
    salt = secrets.token_hex(16)
    return f"scrypt:{salt}:{_derived(secret, salt)}"


def is_secret_of(check: str, secret: str) -> bool:
    _, salt, derived = check.split(":")
    return hmac.compare_digest(_derived(secret, salt), derived)


def _derived(secret: str, salt: str) -> str:
    return hashlib.scrypt(secret.encode(), salt=bytes.fromhex(salt), **_COST, dklen=32).hex()
