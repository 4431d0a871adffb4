"""Is what comes in known already: the same article, a new version of it, or a near copy that another source prints?"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingest.likeness import are_one, likeness, words_of
from storage import articles, identity, known, sources, versions
from storage.database import Connection
from storage.known import Identity, Way
from storage.records import Article, ArticleDraft, Source

# A version that has lost more of its text is rather a teaser.
_LEAST_KEPT = 0.6

Named = dict[str, Source | None]  # the sources that a transaction has looked up


@dataclass(frozen=True, slots=True)
class Known:
    """`changed`: its source has changed it since."""

    article: Article
    changed: bool


async def find_all(tx: Connection, drafts: Sequence[ArticleDraft], named: Named) -> list[Known | None]:
    """The article that each draft is, None where it is new."""
    for name in {source_name(draft) for draft in drafts} - named.keys():
        named[name] = await sources.get_by_name(tx, name)
    found = await known.find_all(tx, [_identity(draft, named[source_name(draft)]) for draft in drafts])
    ids = list({one[0] for one in found if one is not None})
    read = {article.id: article for article in await articles.get_many(tx, ids)}
    return [
        await _known(tx, draft, read[one[0]], one[1], named) if one is not None and one[0] in read else None
        for draft, one in zip(drafts, found, strict=True)
    ]


async def _known(tx: Connection, draft: ArticleDraft, article: Article, way: Way, named: Named) -> Known:
    source = named[source_name(draft)]
    is_own = source is not None and source.id == article.source_id
    changed = way in (Way.PAGE, Way.GUID) and is_update(article, draft, is_own=is_own)
    return Known(article, changed and await versions.may_renew(tx, article))


def is_update(article: Article, draft: ArticleDraft, *, is_own: bool) -> bool:
    """Whether a draft of the known article's page brings a new version of it. Pure.

    `is_own`: it is from the same source; another's is taken only where it has more. A teaser is no version.
    """
    had, has = sum(map(len, article.paragraphs)), sum(map(len, draft.paragraphs))
    return has >= (_LEAST_KEPT * had if is_own else had) and not draft.paywalled


async def original(tx: Connection, draft: ArticleDraft, candidates: Sequence[int]) -> Article | None:
    """The recent article of which this one is a near copy, if there is one."""
    found = await articles.get_many(tx, candidates)
    if not found:
        return None
    mine = likeness(draft.headline, words_of(draft.paragraphs))
    theirs = ((item, likeness(item.headline, words_of(item.paragraphs))) for item in found)
    return next((item for item, other in theirs if are_one(mine, other)), None)


def source_name(draft: ArticleDraft) -> str:
    """The source as the draft names it, else its site, else `manual`: a person gave it."""
    host = urlsplit(draft.url or "").hostname
    return draft.source or (host.removeprefix("www.") if host else "") or "manual"


def _identity(draft: ArticleDraft, source: Source | None) -> Identity:
    hashed = identity.content_hash(draft.headline, draft.paragraphs)
    return Identity(hashed, identity.url_key(draft.url), source.id if source else None, draft.guid)
