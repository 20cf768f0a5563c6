"""Which language somebody is addressed in: the first wish that the program has words in.

A file may name any language. Django knows how to write dates in most; a page whose dates are Romanian and whose words
are not is read by nobody.
"""

from django.conf import settings


def spoken(*wishes: str) -> str:
    """Return the first of these languages that the program speaks, else its own. Empty ones are passed over."""
    return next((one for one in wishes if one in dict(settings.LANGUAGES)), settings.LANGUAGE_CODE)
