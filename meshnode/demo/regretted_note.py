"""A note that somebody regrets, with words that stand nowhere else in the world of the story."""

from __future__ import annotations

from meshnode.views.contribution import AddRequest

REGRETTED = AddRequest(
    title="Where the Wayrapunku key hangs",
    text=(
        "The spare key of the Wayrapunku pump house hangs behind the third beehive.\n\n"
        "Ask Qoyllurwasi if the bees are angry: she has the other one."
    ),
    level="commons",
    community="Ridge",
    language="en",
    tags=("wayrapunku",),
    place="Wayrapunku",
)

REGRETTED_QUESTION = "Where does the spare key of the Wayrapunku pump house hang?"
REGRETTED_SEARCH = "Wayrapunku key"

REGRETTED_WORDS = (
    "wayrapunku",
    "qoyllurwasi",
    "third beehive",
    "the bees are angry",
    # A full-text index leaves out the beginning that a term shares with its neighbour.
    "rapunku",
    "llurwasi",
)
