"""The sample commons that the fake node serves: believable, and as long as a test wants."""

from __future__ import annotations

import time
from functools import cache
from hashlib import blake2b

from meshnode.views.contribution import ContributionRow, ContributionView

NOW_MS = int(time.time() * 1000)
"""The present, since the app says how long ago things were."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

SPRING_WATER = """\
After rain the spring above the school carries soil and animal waste. Treat it before anyone drinks.

## What to do

1. Let the bucket stand for **half an hour**, then pour the clear part through a folded cloth.
2. Bring it to a rolling boil and keep it there for one minute. Above 2,000 m boil for three
   minutes.
3. Cool it *with the lid on*, in the pot you boiled it in.

> Clear water is not clean water. Do not judge it by looking.

| where | how high | boil for |
|---|---:|---|
| Ridge school | 1,240 m | 1 minute |
| Upper pasture | 2,310 m | 3 minutes |

Chlorine works too: two drops of `5 %` bleach for a litre, wait thirty minutes. If you cannot smell
it faintly after that, repeat once. See [the chlorine table](mesh:chlorine).
"""

_TEXTS = (
    ("Spring water after rain", "Rosa Quispe", "Ridge", "en", ("water", "health"), SPRING_WATER),
    (
        "Hervir el agua del manantial",
        "Rosa Quispe",
        "Ridge",
        "es",
        ("agua", "salud"),
        "Después de la lluvia, hierva el agua del manantial un minuto desde que rompe el hervor.\n",
    ),
    (
        "Kuchemsha maji ya kunywa",
        "Ahmed Salim",
        "Ridge",
        "sw",
        ("maji",),
        "Chemsha maji hadi yatokote kwa dakika moja. Funika sufuria yanapopoa.\n",
    ),
    (
        "Oral rehydration: salt, sugar, clean water",
        "Ahmed Salim",
        "Ridge",
        "en",
        ("first-aid", "water"),
        "One litre of clean water, six level teaspoons of sugar, half a level teaspoon of salt.\n",
    ),
    (
        "Who to call when the bridge is closed",
        "Ines Calle",
        "Ridge",
        "en",
        ("places",),
        "Ring the post at Lower Mill first; they hold the key to the upper gate.\n",
    ),
    (
        "Keeping a lead battery alive through winter",
        "Tomasz Wrona",
        "Valley",
        "en",
        ("power", "repair"),
        "Never leave it below 12.0 V. Charge to 14.4 V, then hold at 13.6 V.\n",
    ),
    (
        "Repeater on Cerro Alto: settings",
        "Ines Calle",
        "Ridge",
        "en",
        ("radio",),
        "868.1 MHz, bandwidth 125 kHz, spreading factor 8, coding rate 4/5, 14 dBm.\n",
    ),
    (
        "Stopping heavy bleeding",
        "Ahmed Salim",
        "Ridge",
        "en",
        ("first-aid",),
        "Press hard and directly on the wound with the cleanest cloth you have, and do not look.\n",
    ),
    (
        "Seed we keep and seed we share",
        "Luz Mamani",
        "Ridge",
        "es",
        ("food", "seed"),
        "El maíz blanco se guarda en la casa de Luz; el morado se comparte en marzo.\n",
    ),
    (
        "Words for weather in our valley",
        "Luz Mamani",
        "Ridge",
        "qu",
        ("words",),
        "Chirapa: rain while the sun shines. Qasa: the frost before dawn.\n",
    ),
    (
        "Fixing a bicycle puncture without a kit",
        "Tomasz Wrona",
        "Valley",
        "en",
        ("repair",),
        "Knot the tube on both sides of the hole and ride gently home.\n",
    ),
    (
        "Meeting notes: rota for the pump",
        "Rosa Quispe",
        "Ridge",
        "en",
        ("meeting",),
        "Monday Ines, Wednesday Ahmed, Friday Rosa. Log the hours on the door.\n",
    ),
)

SERIES = (
    ("Rain gauge, upper pasture, reading {n}", "Luz Mamani", "weather"),
    ("Pump log, week {n}", "Ines Calle", "water"),
    ("Radio check-in notes, evening {n}", "Ahmed Salim", "radio"),
    ("Seed exchange, lot {n}", "Tomasz Wrona", "seed"),
)


@cache
def contribution_id(index: int) -> str:
    """Give the id of the contribution at `index`."""
    return blake2b(index.to_bytes(8, "big"), digest_size=32).hexdigest()


def title(index: int) -> str:
    """Give the title of the contribution at `index`, without making the rest."""
    if index < len(_TEXTS):
        return _TEXTS[index][0]
    return SERIES[index % len(SERIES)][0].format(n=index)


def contribution(index: int) -> ContributionView:
    """Give the contribution at `index` of the newest-first list."""
    if index < len(_TEXTS):
        _, author, community, language, tags, text = _TEXTS[index]
    else:
        _, author, tag = SERIES[index % len(SERIES)]
        community, language, tags = "Ridge", "en", (tag,)
        text = f"{title(index)}. Written down the same evening, then checked against the book.\n"
    changed_ms = NOW_MS - 5 * MINUTE_MS - index * 3 * HOUR_MS
    return ContributionView(
        id=contribution_id(index),
        title=title(index),
        text=text,
        author=author,
        author_key=blake2b(author.encode(), digest_size=32).hexdigest(),
        contributors=(author, "Ahmed Salim") if index == 0 else (author,),
        community=community,
        level="inner" if index == 4 else "commons",
        language=language,
        licence="CC-BY-SA-4.0",
        tags=tags,
        place="Ridge school" if index == 0 else "",
        source="",
        consent=("answering", "sharing"),
        created_ms=changed_ms - 2 * DAY_MS,
        changed_ms=changed_ms,
        edits=3 if index == 0 else 1,
        version=(contribution_id(index + 1_000_000),),
        is_own=author == "Rosa Quispe",
        may_edit=community == "Ridge",
        may_withdraw=author == "Rosa Quispe",
    )


def row(view: ContributionView) -> ContributionRow:
    """Give a contribution's line in the list."""
    return ContributionRow(
        id=view.id,
        title=view.title,
        author=view.author,
        given_by=view.given_by,
        community=view.community,
        level=view.level,
        language=view.language,
        tags=view.tags,
        changed_ms=view.changed_ms,
        is_own=view.is_own,
    )
