"""How names are compared when somebody searches. Pure: no database, no clock."""

import unicodedata

# Letters that are not a base letter with a mark, so decomposing does not reach them.
PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


def fold(text: str) -> str:
    """Lower the case and drop the accents: "Łukasz Müller" becomes "lukasz muller"."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return bare.casefold().translate(PLAIN)
