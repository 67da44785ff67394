"""A text -> its normalised form, by which exact duplicates are told, and the digest of that.

Normalised: each line in Unicode NFKC, lower case, every run of whitespace one blank, stripped. The digest is
the 128-bit BLAKE2b of the UTF-8 of it. Lines over 1,024 characters are normalised in pieces of that length,
because NFKC of a long run of combining marks takes quadratic time.
"""

import re
import unicodedata
from hashlib import blake2b

_PIECE = 1024
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Return `text` without zero characters, and with U+FFFD for lone surrogates: neither can be stored."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def normalised(text: str) -> str:
    """Return the normalised form of `text`."""
    if not text.isascii() and not unicodedata.is_normalized("NFKC", text):
        pieces = (line[at : at + _PIECE] for line in text.splitlines() for at in range(0, len(line), _PIECE))
        text = "\n".join(unicodedata.normalize("NFKC", piece) for piece in pieces)
    return " ".join(text.lower().split())


def text_digest(text: str) -> str:
    """Return the digest of the normalised form of `text`, 32 hex characters."""
    return blake2b(normalised(text).encode("utf-8", "replace"), digest_size=16).hexdigest()
