"""Pure text in, Summary out: sentences, words, ranking, languages. Knows no database and no Telegram.

Everything heavy (numpy, sumy, fastText) is imported at first use.
"""

from summarizer.languages import detect_language
from summarizer.model import METHODS, Chosen, Reason, Summary, UnknownMethodError
from summarizer.sentences import split_sentences
from summarizer.stories import StoryArticle, StorySentence, StorySummary, summarize_story
from summarizer.summary import summarize, summarize_paragraphs, summarize_sentences

__all__ = [
    "METHODS",
    "Chosen",
    "Reason",
    "StoryArticle",
    "StorySentence",
    "StorySummary",
    "Summary",
    "UnknownMethodError",
    "detect_language",
    "split_sentences",
    "summarize",
    "summarize_paragraphs",
    "summarize_sentences",
    "summarize_story",
]
