"""Local variants as data: levels, steps, deadlines and ages per municipality, loaded and checked once."""

from bti.profiles.loader import available, legal_bases, load, load_from
from bti.profiles.profile import GuideStep, LevelGuide, Phone, Profile, Team, Words
from bti.profiles.reader import ProfileError

__all__ = [
    "GuideStep",
    "LevelGuide",
    "Phone",
    "Profile",
    "ProfileError",
    "Team",
    "Words",
    "available",
    "legal_bases",
    "load",
    "load_from",
]
