"""Words so common in a language that they tell the language, but not the subject."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "en": """
        a about after all also an and any are as at be because been before but by can could did do
        does for from had has have he her his how i if in into is it its just may me more my no
        not of on one only or other our out over she should so some than that the their them then
        there these they this those to too up us very was we were what when where which who why
        will with would you your
    """,
    "es": """
        al ante antes así aunque cada como con cuando cuál cuándo cuánto cómo de del desde donde
        dónde e el ella en entre era es esa ese esta este esto está están fue ha hace han hasta
        hay la las le les lo los me mi muy más ni no nos o para pero por porque puede que qué
        quién se ser si sin sobre son su sus sí también tiene todo todos tu un una uno unos y ya
        yo
    """,
    "fr": """
        au aussi aux avec avant c ce ces cette ceux chaque comme comment d dans de des doit donc
        du elle en est et eux fait faut il ils j je l la le les leur lui mais me même n ne nous on
        ont ou où par pas peut pendant plus pour pourquoi qu quand que quel quelle qui s sa sans
        se ses si son sont sous sur tout toute tous très tu un une vous y à été être
    """,
    "pt": """
        a ao aos as até cada com como da das de depois do dos e ela ele em entre era essa esse
        esta este está estão eu foi há isso já lhe mais mas me mesmo muito na nas nem no nos não o
        onde os ou para pela pelo pode por porque qual quando quanto que quem se sem ser seu seus
        sobre são sua suas só também tem tudo um uma você à às é
    """,
    "sw": """
        au baada bado hadi hapa hasa hata hii hilo hivyo hiyo huo huu ili je juu kabla kama kati
        katika kila kisha kuhusu kutoka kuwa kwa kwamba kwenye la lakini lini mara mbali na nani
        namna ndani ndiyo ni nini ya yake yako yao yote za zake zao zote wa wake wao wapi wakati
        wote vya vyote vipi pia sana si tu hakuna cha chake
    """,
    "ar": """
        في من على إلى عن أن إن كان كانت هذا هذه ذلك التي الذي ما لا لم لن كيف متى أين هل هو هي مع
        أو ثم كل بعد قبل عند كم يجب قد
    """,
}

STOP_WORDS: Final[dict[str, frozenset[str]]] = {
    language: frozenset(words.split()) for language, words in _WORDS.items()
}

EVERY_STOP_WORD: Final[frozenset[str]] = frozenset().union(*STOP_WORDS.values())
