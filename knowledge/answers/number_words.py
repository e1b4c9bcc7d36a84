"""Numbers and units written as words, so that "three minutes" equals "3 min".

English, Spanish, French, German, Swahili and Portuguese. Words that are also
articles ("una", "ein") are left alone. What is not listed stays a word, and then equals only
itself: a missing entry makes the check stricter, never looser.
"""

from __future__ import annotations

from typing import Final

_ONES: Final = {
    "en": "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen",
    "es": "- dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve",
    "fr": "- deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
    "de": "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "sw": "moja mbili tatu nne tano sita saba nane tisa kumi",
    "pt": "- dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze",
}
_TENS: Final = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "fr": "vingt trente quarante cinquante soixante",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "sw": "ishirini thelathini arobaini hamsini sitini sabini themanini tisini",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_OTHERS: Final = {
    "en": {"half": "1/2", "hundred": "100", "thousand": "1000", "dozen": "12"},
    "es": {"medio": "1/2", "media": "1/2", "cien": "100", "mil": "1000", "docena": "12"},
    "fr": {"demi": "1/2", "demie": "1/2", "cent": "100", "mille": "1000"},
    "de": {"halb": "1/2", "halbe": "1/2", "halben": "1/2", "hundert": "100", "tausend": "1000"},
    "sw": {"nusu": "1/2", "mia": "100", "elfu": "1000", "mawili": "2", "viwili": "2"},
    "pt": {"meio": "1/2", "meia": "1/2", "cem": "100", "mil": "1000", "duas": "2"},
}
JOINS: Final = {"en": "and", "es": "y", "fr": "et", "sw": "na", "pt": "e"}
"""The word between tens and ones: "treinta y cinco"."""

FRACTIONS: Final = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3"}

_UNITS: Final = {
    "second": "s sec secs second seconds segundo segundos seconde secondes sekunde sekunden "
    "sekunda",
    "minute": "min mins minute minutes minuto minutos minuten dakika",
    "hour": "h hr hrs hour hours hora horas heure heures stunde stunden saa",
    "day": "day days día días jour jours tag tage tagen siku dia dias",
    "week": "week weeks semana semanas semaine semaines woche wochen wiki",
    "month": "month months mes meses mois monat monate monaten mwezi miezi mês",
    "year": "year years año años an ans jahr jahre jahren mwaka miaka ano anos",
    "millilitre": "ml millilitre millilitres milliliter milliliters mililitro mililitros",
    "litre": "l litre litres liter liters litro litros lita",
    "milligram": "mg milligram milligrams miligramo miligramos",
    "gram": "g gram grams gramme grammes gramo gramos gramm gramu",
    "kilogram": "kg kilo kilos kilogram kilograms kilogramo kilogramos",
    "millimetre": "mm millimetre millimetres millimeter millimeters milímetro milímetros",
    "centimetre": "cm centimetre centimetres centimeter centimeters centímetro centímetros",
    "metre": "m metre metres meter meters metro metros mètre mètres mita",
    "kilometre": "km kilometre kilometres kilometer kilometers kilómetro kilómetros",
    "percent": "percent % prozent asilimia",
}
UNITS: Final = {word: unit for unit, words in _UNITS.items() for word in words.split()}
"""Each spelling of a unit and the one name that stands for it."""

DURATIONS: Final = frozenset(("second", "minute", "hour", "day", "week", "month", "year"))


def _number_words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = {}
    for language, ones in _ONES.items():
        words[language] = dict(_OTHERS[language])
        for value, word in enumerate(ones.split(), start=1):
            words[language][word] = str(value)
        for value, word in enumerate(_TENS[language].split(), start=2):
            words[language][word] = str(value * 10)
        words[language].pop("-", None)
    german_ones = ["ein", *_ONES["de"].split()[1:9]]
    for tens_value, tens in enumerate(_TENS["de"].split(), start=2):
        for value, word in enumerate(german_ones, start=1):
            words["de"][f"{word}und{tens}"] = str(tens_value * 10 + value)
    return words


NUMBER_WORDS: Final = _number_words()
"""Number words of each language, and their value as digits."""
