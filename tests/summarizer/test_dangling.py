"""The judge of dangling references, which the benchmark holds against every summary."""

import pytest

from benchmarks.dangling import faults
from summarizer.openers import leans

LEAD = "The bridge at Orvell opened on Monday."
BEFORE = "Mayor Ada Okafor spoke to reporters in the harbour."


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("However, two councillors voted against it.", "connective"),
        ("As a result, the ferry will stop in June.", "connective"),
        ("One of them was taken to hospital.", "connective"),
        ("She thanked the workers of the port.", "pronoun"),
        ("“This made the neighbours angry,” Holt said.", "pronoun"),
        ("An engineer by trade, she has built bridges for 20 years.", "pronoun"),
        ("The letter reached her in May.", "pronoun"),
        ("The work will take three years, she said.", "speaker"),
        ('"We worked for this for years," he told reporters.', "speaker"),
        ("The man was arrested on Friday.", "definite"),
        ('The town "has never seen anything like it, Holt said.', "quotation"),
        ('"We worked for this moment for years."', "quotation"),
    ],
)
def test_a_reference_to_what_was_left_out_is_found(sentence: str, kind: str) -> None:
    assert faults([LEAD, BEFORE, sentence], [0, 2]) == [(2, kind)]
    assert faults([LEAD, BEFORE, sentence], [1, 2]) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Okafor said she would open a second bridge in May.",
        "After his arrest, Smith denied the charges.",
        "This week the harvest came late in the north.",
        "It is unlikely that the ferry will sail again in winter.",
        "The man who built the bridge lives in Orvell.",
        "Researchers said they had found a second wreck.",
        "Both sides of the river were closed to traffic.",
    ],
)
def test_a_sentence_that_stands_alone_is_not_blamed(sentence: str) -> None:
    assert faults([LEAD, BEFORE, sentence], [0, 2]) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "An engineer by trade, she has built bridges for 20 years.",
        "The letter reached her in May.",
        "Starting this week, their stories will be shown in the old town hall.",
        "The attack, which lasted hours, began on Friday evening.",
        "Second, the town has no hospital.",
    ],
)
def test_a_pronoun_before_any_name_leans_wherever_it_stands(sentence: str) -> None:
    assert leans(sentence, "en")
