"""What is said of a course of the demo, and the shipped protocols it may follow."""

from dataclasses import dataclass, field

GENERAL = "human-general"  # 4x1w!, 4x2w, *x4w
CHRONIC = "human-chronic-15"  # 4x1w, 4x2w, 7x4w!, *x4w
ACUTE = "human-acute-sports"  # 1x!, 1x1w!, 1x1w
FRENCH = "french-acute-3"  # 3x1w!
EQUINE = "equine-chronic"  # 1x@30, 3x1w@15!, 1x2w@30, 1x3w@30, 1x4w@30, *x4-6w@30
SALINE = "equine-saline-rows"  # 1x, *x17-26w


@dataclass(frozen=True)
class Story:
    """One course. It began `began` days ago (0 or less: still to begin) and its sessions follow its plan since.

    `pain` is the score before the first and before the latest session; a horse's is lameness. `most` sessions were
    given at most. `reviews` says after which session what was decided; `missed` on which the patient did not come.
    `ahead` sessions are booked ahead today; who `walks_in` stands at the desk right now; `ends` is what became of it.
    """

    patient: str
    protocol: str
    indication: str
    lead: str
    began: int
    pain: tuple[float, float]
    region: str
    side: str = ""
    complaint: str = ""
    tried_before: str = ""
    combined_with: str = ""
    most: int = 99
    reviews: dict[int, str] = field(default_factory=dict)
    missed: frozenset[int] = frozenset()
    reacted_after: int = 0
    corrected: int = 0
    ahead: int = 1
    walks_in: bool = False
    ends: str = ""  # paused, stopped, rebook
    why: str = ""
