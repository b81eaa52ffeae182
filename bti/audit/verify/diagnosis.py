"""What else the entries could have been: tried to tell a reordering or an insertion from an edit."""

from collections.abc import Iterator, Sequence

# How much is tried to tell a reordering or an insertion from an edit. Finding that something is wrong
# never depends on these; they only bound the work of saying what.
TRIAL_WINDOW = 64
TRIAL_LATER = 4096
TRIAL_HASHES = 400_000


def without_one(hashes: Sequence[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield what is left without each, with its place."""
    for place in range(len(hashes)):
        yield place, [*hashes[:place], *hashes[place + 1 :]]


def rearranged(
    hashes: Sequence[bytes], later: Sequence[bytes]
) -> Iterator[tuple[int, list[bytes]]]:
    """Yield each swap, and each place refilled from a later entry, with the first place changed."""
    for place, own in enumerate(hashes):
        for other in range(place + 1, len(hashes)):
            swapped = list(hashes)
            swapped[place], swapped[other] = hashes[other], own
            yield place, swapped
        for entry_hash in later:
            yield place, [*hashes[:place], entry_hash, *hashes[place + 1 :]]
