"""A rough key of how a word sounds, in any of the languages a clinic hears: words a slip apart mostly share it.

Pure: no database, no clock. Keys are stored: whoever changes a rule writes a migration that gives every file its keys anew.
"""

import re

LEAST = 2  # a key of fewer signs says too little: such a word keeps its vowels
RULES = [
    (re.compile(pattern), sounds)
    for pattern, sounds in (
        ("ph", "f"),
        ("chr", "kr"),
        ("sch|sh|ch", "s"),
        ("gu(?=[eiy])", "k"),
        ("dj|g(?=[eiy])", "j"),
        ("[cç](?=[eiy])", "s"),
        ("ck|[cgq]", "k"),
        ("x", "ks"),
        ("[zß]", "s"),
        ("[wv]", "f"),
        ("h", ""),
        ("b", "p"),
        ("d", "t"),
        ("m", "n"),
        (r"(.)\1+", r"\1"),
    )
]
VOWELS = re.compile("[aeiouy]")


def sound(word: str) -> str:
    """Give the key of a folded word: its consonants, those that are easily taken for each other as one, none twice
    running; a vowel it begins with as "a". "Atlass" and "Atlas", "Falcor" and "Falkor" have the same.
    """
    for pattern, sounds in RULES:
        word = pattern.sub(sounds, word)
    if not word:
        return ""
    key = ("a" if VOWELS.match(word) else "") + VOWELS.sub("", word)
    return key if len(key) >= LEAST else word
