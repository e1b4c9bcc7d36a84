"""What counts as an answer: the asked action, of the asked thing, with a value that fits."""

from __future__ import annotations

import random
import time

import pytest

from knowledge.answers.question import Asked, read_question
from knowledge.answers.relevance import quotes
from knowledge.contribution import Level
from knowledge.passage import Passage


def note(title: str, text: str, language: str = "en") -> Passage:
    return Passage(title, title, "Rosa", "Ridge", language, Level.COMMONS, text, 1.0)


def first_quote(question: str, *notes: Passage) -> str | None:
    found = quotes(read_question(question), notes)
    return found[0].text if found else None


BEANS = note(
    "Red kidney beans must boil hard",
    "Raw beans make people sick within minutes.\n\n"
    "1. Soak the dry beans for at least 5 hours.\n"
    "2. Bring them to a full boil, and keep them boiling hard for 30 minutes.\n"
    "3. If somebody vomits after beans, give rehydration drink, and see a nurse if it does not "
    "stop within 6 hours.\n",
)
GENERATOR = note(
    "Carbon monoxide",
    "Engines make a gas that kills. Run a generator outdoors only, at least 6 metres from doors.",
)


@pytest.mark.parametrize(
    "question",
    [
        "How long must red kidney beans boil?",
        "For how many minutes should kidney beans be boiled?",
        "Is 5 minutes enough to boil kidney beans?",
    ],
)
def test_a_time_counts_only_beside_the_action_that_was_asked_about(question: str) -> None:
    quote = first_quote(question, BEANS)

    assert quote is not None
    assert "30 minutes" in quote
    assert "hours" not in quote


def test_a_time_in_the_note_is_no_answer_for_another_action() -> None:
    assert first_quote("How long must red kidney beans cool?", BEANS) is None
    assert "5 hours" in (first_quote("How long do I soak dry beans?", BEANS) or "")


def test_what_happens_before_or_after_has_no_share_in_a_length_of_time() -> None:
    eggs = note("Eggs", "When it boils, the eggs rest 5 minutes.")

    assert first_quote("How long do eggs boil?", eggs) is None
    assert first_quote("How long do eggs rest?", eggs) == eggs.text


@pytest.mark.parametrize("vague", ["within a few hours", "for some minutes", "every two weeks"])
def test_a_word_for_time_alone_is_no_length_of_time(vague: str) -> None:
    assert first_quote("How long must milk boil?", note("Milk", f"Boil milk {vague}.")) is None


def test_a_yes_or_no_question_is_answered_by_the_opposite() -> None:
    assert "outdoors only" in (first_quote("Can I use a generator indoors?", GENERATOR) or "")


def test_an_amount_for_the_opposite_is_not_shown() -> None:
    cloudy = note("Bleach drops for water", "Cloudy water: 4 drops for each litre.")

    assert first_quote("How many drops for clear water?", cloudy) is None
    assert first_quote("How many drops for cloudy water?", cloudy) == cloudy.text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many drops of bleach for a litre?", "Wait 30 minutes after the drops of bleach."),
        ("How hot must the bread bake?", "Bread must bake for 40 minutes."),
        ("How often is the tank cleaned?", "The tank is cleaned in 2 hours."),
        ("How wide is the band?", "Pull the band for 10 minutes."),
        ("Who cleans the tank?", "Clean the tank with a soft brush."),
        ("When is the market open?", "The market is open."),
        ("What is the frequency of channel 5?", "The frequency of channel 4 is 446 MHz."),
    ],
)
def test_a_value_of_another_kind_is_no_answer(question: str, text: str) -> None:
    assert first_quote(question, note("A note", text)) is None


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        ("How hot must the bread bake?", "Bread must bake at 230 degrees.", "en"),
        ("How often is the tank cleaned?", "The tank is cleaned once a year.", "en"),
        ("Who cleans the tank?", "Every year Juma cleans the tank.", "en"),
        ("¿Cuántas tazas de agua para la quinua?", "Quinua: dos tazas de agua.", "es"),
        ("¿Cuánto dura la quinua cocida?", "La quinua cocida dura dos días.", "es"),
        ("Combien de temps cuire l'œuf ?", "Cuire l'œuf pendant dix minutes.", "fr"),
        ("Combien d'eau pour le riz ?", "Pour le riz : 2 litres d'eau.", "fr"),
        ("Mihogo iloweke siku ngapi?", "Mihogo loweka kwa siku 3.", "sw"),
        ("Vijiko vingapi vya sukari?", "Weka vijiko vidogo 6 vya sukari.", "sw"),
    ],
)
def test_a_value_of_the_asked_kind_answers(question: str, text: str, language: str) -> None:
    assert first_quote(question, note("A note", text, language)) == text


def test_what_a_title_says_it_is_without_is_not_its_subject() -> None:
    bread = note("Bread without yeast", "Bread: 500 grams of flour, 10 grams of salt.")

    assert first_quote("How many grams of yeast for bread?", bread) is None
    assert first_quote("How many grams of salt for bread?", bread) == bread.text


def test_it_under_another_heading_is_not_the_subject_of_the_title() -> None:
    tank = note(
        "A rain tank",
        "**First flush.** Lead the water into a pipe. It holds 1 litre for each roof.",
    )

    assert first_quote("How many litres does the rain tank hold?", tank) is None


def test_a_thing_that_lasts_must_be_named() -> None:
    chimney = note("Clean the chimney", "Use a metal bucket: an ember can last a day.")

    assert first_quote("How long does the chimney last?", chimney) is None
    assert first_quote("How long can an ember last?", chimney) == chimney.text


def test_one_word_in_passing_is_no_answer_but_its_meaning_is() -> None:
    words = note("Words", "- **puna**: the grassland above the fields.\n- Ask on the puna.")

    assert "grassland" in (first_quote("What is puna?", words) or "")
    assert first_quote("What is ask?", words) is None
    assert first_quote("Where is the clinic?", note("Burns", "Go to the clinic at once.")) is None


@pytest.mark.parametrize(
    "question",
    [
        "What must not be given to a cold person?",
        "What should I never give to a cold person?",
        "What mustn't a cold person be given?",
    ],
)
def test_what_must_not_be_done_is_not_told_by_what_to_do(question: str) -> None:
    good = "If they can swallow, give the cold person warm sweet drinks."
    bad = "Give no alcohol to a cold person."

    assert first_quote(question, note("Too cold", good)) is None
    assert first_quote(question, note("Too cold", bad)) == bad
    assert first_quote("What must be given to a cold person?", note("Too cold", good)) == good


def test_where_and_when_not_to_is_not_told_by_where_and_when_to() -> None:
    good, bad = "Put the latrine below the spring.", "Never put the latrine above the spring."

    assert first_quote("Where must the latrine not be put?", note("Spring", good)) is None
    assert first_quote("Where must the latrine not be put?", note("Spring", bad)) == bad
    assert first_quote("Where must the latrine be put?", note("Spring", good)) == good


def test_a_negated_condition_negates_no_question() -> None:
    drink = note("Drink", "Give the child small sips of the drink when it does not vomit.")

    assert first_quote("What drink do I give when the child has not vomited?", drink) == drink.text
    give = note("Drink", "Give the child small sips of the drink.")
    assert first_quote("What drink do I give a child when it does not rain?", give) is not None


def test_words_that_only_begin_alike_are_not_forms_of_one() -> None:
    assert first_quote("Is the pump clean?", note("Soup", "Clean the pumpkin.")) is None
    assert first_quote("Is the battery wet?", note("Roof", "The batten is wet.")) is None


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How long is each wire?", Asked.MEASURE),
        ("How long does it boil?", Asked.DURATION),
        ("Is 5 minutes enough?", Asked.DURATION),
        ("¿Cada cuánto?", Asked.FREQUENCY),
        ("Mara ngapi?", Asked.FREQUENCY),
        ("¿Quién viene?", Asked.PERSON),
        ("Lini?", Asked.TIME),
        ("", Asked.ANYTHING),
    ],
)
def test_a_question_says_which_kind_of_answer_it_wants(question: str, asked: Asked) -> None:
    assert read_question(question).asked is asked


@pytest.mark.parametrize(
    "word", ["how long " * 200, "a" * 5000, "¿?" * 500, "\x00\ud800", "何時" * 99]
)
def test_whatever_is_asked_is_read_in_bounded_time(word: str) -> None:
    chance = random.Random(1)
    hostile = note(word[:200], " ".join(chance.choices([word[:60], "5 minutes", "\n"], k=2000)))

    began = time.process_time()
    quotes(read_question(word), [hostile] * 12)

    assert time.process_time() - began < 1.0


def test_an_aside_is_no_answer_to_a_yes_or_no_question() -> None:
    bleach = note("Bleach for drinking water", "When fuel is short, bleach makes water safe.")
    smell = note("Smells", "Water may have smells.")

    assert first_quote("Is it safe to drink water that smells of fuel?", bleach, smell) is None
    assert first_quote("Does bleach make water safe?", bleach, smell) == bleach.text
