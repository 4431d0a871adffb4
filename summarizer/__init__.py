"""Pure text in, Summary out: sentences, words, ranking, languages. Knows no database and no Telegram.

Everything heavy (numpy, sumy, fastText) is imported at first use.
"""

from summarizer.languages import detect_language
from summarizer.model import METHODS, Chosen, Reason, Summary, UnknownMethodError
from summarizer.sentences import split_sentences
from summarizer.summary import summarize, summarize_paragraphs, summarize_sentences

__all__ = [
    "METHODS",
    "Chosen",
    "Reason",
    "Summary",
    "UnknownMethodError",
    "detect_language",
    "split_sentences",
    "summarize",
    "summarize_paragraphs",
    "summarize_sentences",
]
