"""Local variants as data: levels, steps, deadlines and ages per municipality, loaded and checked once."""

from bti.profiles.loader import available, in_force, legal_bases, load, load_file, versions
from bti.profiles.profile import GuideStep, LevelGuide, Phone, Profile, Team, TeamKind, Words
from bti.profiles.reader import ProfileError
from bti.profiles.sources import Fact, Said, Source

__all__ = [
    "Fact",
    "GuideStep",
    "LevelGuide",
    "Phone",
    "Profile",
    "ProfileError",
    "Said",
    "Source",
    "Team",
    "TeamKind",
    "Words",
    "available",
    "in_force",
    "legal_bases",
    "load",
    "load_file",
    "versions",
]
