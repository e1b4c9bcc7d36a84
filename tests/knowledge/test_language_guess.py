"""A language is guessed where the text is clear about it, and left open otherwise."""

from __future__ import annotations

import pytest

from knowledge.imports.language_guess import guess_language

TEXTS = {
    "en": "Boil the water for three minutes after the rain. It is not safe to drink from the "
    "spring when there are animals in the field above it.",
    "es": "Hierva el agua durante tres minutos después de la lluvia. No es seguro beber de la "
    "fuente cuando hay animales en el campo que está encima.",
    "fr": "Faites bouillir l'eau pendant trois minutes après la pluie. Il ne faut pas boire de la "
    "source quand il y a des animaux dans le pré au-dessus.",
    "pt": "Ferva a água durante três minutos depois da chuva. Não é seguro beber da fonte quando "
    "há animais no campo que está acima dela.",
    "sw": "Chemsha maji kwa dakika tatu baada ya mvua. Si salama kunywa maji ya chemchemi wakati "
    "kuna wanyama katika shamba la juu yake.",
    "ar": "يجب غلي الماء ثلاث دقائق بعد المطر. لا يجوز الشرب من النبع عند وجود الحيوانات في الحقل "
    "الذي هو فوق النبع، ثم انتظر قبل الشرب من هذا الماء.",
    "el": "Βράστε το νερό για τρία λεπτά μετά τη βροχή.",  # noqa: RUF001
    "am": "ውሃውን ከዝናብ በኋላ ለሦስት ደቂቃዎች ያፍሉ።",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_clear_text_tells_its_language(language: str) -> None:
    assert guess_language(TEXTS[language]) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Agua",
        "12 + 34 = 46",
        "maize beans squash pumpkin sorghum millet cassava yam taro okra onion garlic leek",
        "Koch das Wasser drei Minuten lang nach dem Regen, wenn es aus der Quelle oben kommt.",
        "Кипятите воду три минуты после дождя, если выше по склону пасутся животные.",
        "El agua the water la eau o rio de and the un una is not maji ya kwa du des les",
    ],
)
def test_an_unclear_text_is_left_open(text: str) -> None:
    assert guess_language(text) == "und"
