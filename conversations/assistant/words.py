"""How a sentence is cut into words that can be compared."""

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[?!]")
_ENDINGS = ("ments", "ment", "ies", "ing", "ed", "es", "s", "y", "e")

_COMMON = """
a an the this that these those there here it its he she they them we us our i im ive id me my mine you your yours
is are was were be been am do does did done have has had having can could will would shall should may might must
of in on at to from for with about by as into over under out up off and or but if then than so because while not no
what which who whom whose when where why how please just also very really some any all each more most other such
only own same too s t re ve ll dont doesnt didnt isnt cant hi hello hey thanks thank want need like know tell get got
take make give go come long much many thing way help ask question find see say work working works problem issue
"""
#: Too common to say what a sentence is about.
STOP = frozenset(_COMMON.split())

#: What people call the same thing, as stems.
_SAME = {
    "ship": "deliver",
    "dispatch": "deliver",
    "package": "parcel",
    "packag": "parcel",
    "reimburs": "refund",
    "telephon": "phon",
    "cost": "pric",
    "fee": "pric",
    "broken": "damag",
    "fault": "damag",
    "sweater": "jumper",
    "pullover": "jumper",
    "color": "colour",
    "login": "account",
    "repair": "mend",
    "fix": "mend",
}


def words(text: str) -> list[str]:
    """Lower-case words without their endings; every number reads as 0, since it is its being there that counts."""
    return ["0" if word.isdigit() else stem(word) for word in _cut(text)]


def content_words(text: str) -> list[str]:
    """The words that say what the text is about, one for all that mean the same; numbers as they are."""
    stems = (stem(word) for word in _cut(text) if word not in STOP and word not in "?!")
    return [_SAME.get(word, word) for word in stems]


def stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] in "pntgmb" else word


def _cut(text: str) -> list[str]:
    return [word.replace("'", "").replace("’", "") for word in _WORD.findall(text.lower())]
