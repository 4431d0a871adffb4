"""Reading a draft: its language, topics and summary, and what finds its copies and its story.

It takes some milliseconds. Many drafts are studied in processes of their own, beside the one for the database and those
that read pages.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import summarizer
from ingest.datelines import without_dateline
from ingest.filing import Filed, file
from ingest.likeness import sample, words_of
from ingest.order import chunks
from ingest.traits import pack, traits
from storage.records import ArticleDraft, Topic
from storage.words import search_text

SUMMARY_SENTENCES = 3
IN_A_JOB = 8  # drafts that one process studies while others study other ones; the rules are sent with each job
KINDNESS = 5
MOST = 4  # one process stores what so many have studied, and hardly more


@dataclass(frozen=True, slots=True)
class Study:
    """What reading the text showed. `filed`: by the rules as they were then; `search` is what is indexed.

    `sample` finds near copies, `traits` (packed, by ingest.traits) the story.
    """

    language: str
    filed: Filed
    summary: tuple[str, ...]
    search: str | None = None
    sample: tuple[int, ...] = ()
    traits: bytes = b""


def study_draft(draft: ArticleDraft, rules: tuple[Topic, ...]) -> Study:
    """Pure and slow."""
    detected = summarizer.detect_language("\n".join([draft.headline, *draft.paragraphs])[:20_000])
    language = detected if detected != "und" else (draft.language or "und")
    found = summarizer.summarize_paragraphs(
        _without_dateline(draft.paragraphs), title=draft.headline, language=language, sentences=SUMMARY_SENTENCES
    )
    filed = file(rules, draft.headline, draft.paragraphs, draft.dateline)
    indexed = search_text(draft.headline, draft.paragraphs, draft.caption)
    told = pack(traits(draft.headline, draft.paragraphs, language))
    return Study(language, filed, found.sentences, indexed, sample(words_of(draft.paragraphs)), told)


def _without_dateline(paragraphs: Sequence[str]) -> list[str]:
    """What readers are told: sentences, not where they were cabled from."""
    return [*map(without_dateline, paragraphs[:1]), *paragraphs[1:]]


async def study_all(
    executor: Executor | None, drafts: Sequence[ArticleDraft], rules: tuple[Topic, ...]
) -> list[Study | BaseException]:
    """Off the loop: in the executor, or the loop's own threads. What would be raised for one is given in its place."""
    jobs = [_in_a_job(executor, some, rules) for some in chunks(drafts, IN_A_JOB)]
    return [study for some in await asyncio.gather(*jobs) for study in some]


async def _in_a_job(
    executor: Executor | None, drafts: Sequence[ArticleDraft], rules: tuple[Topic, ...]
) -> list[Study | BaseException]:
    """Where one can't be studied, each is tried by itself."""
    run = partial(asyncio.get_running_loop().run_in_executor, executor)
    (found,) = await asyncio.gather(run(partial(_study_several, drafts, rules)), return_exceptions=True)
    if not isinstance(found, BaseException):
        return [*found]
    each = (run(partial(study_draft, draft, rules)) for draft in drafts)
    return [*await asyncio.gather(*each, return_exceptions=True)]


def _study_several(drafts: Sequence[ArticleDraft], rules: tuple[Topic, ...]) -> list[Study]:
    """A module's function, so that a process pool can run it."""
    return [study_draft(draft, rules) for draft in drafts]


@contextmanager
def studying(many: bool) -> Iterator[Executor | None]:
    """Where ingest.desk.Desk studies: None (its own threads) for few drafts, or where there is one core."""
    cores = os.cpu_count() or 1
    if not many or cores < 2:  # noqa: PLR2004 - one is no help
        yield None
        return
    pool = ProcessPoolExecutor(min(cores, MOST), multiprocessing.get_context("spawn"), _begin)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Ctrl-C is for who reads the results; when that one is gone, even by kill -9, this one ends too.

    Who stores goes first: what was studied waits for it, and so do readers.
    """
    os.nice(KINDNESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
