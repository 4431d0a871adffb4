"""Many drafts are studied at once, in processes of their own; one that can't be read stops no other."""

from typing import cast

import pytest

from ingest.studying import IN_A_JOB, Study, study_all, study_draft, studying
from storage.records import ArticleDraft

DRAFTS = [
    ArticleDraft(f"Ferry {number} sinks", (f"The ferry {number} sank off Lindmark on Monday, the coast guard said.",))
    for number in range(2 * IN_A_JOB + 1)
]
BROKEN = cast(ArticleDraft, None)


@pytest.mark.parametrize("many", [False, True], ids=["threads", "processes"])
async def test_what_cannot_be_studied_is_told_in_its_place(many: bool) -> None:
    given = [*DRAFTS[:3], BROKEN, *DRAFTS[3:]]
    with studying(many) as executor:
        found = await study_all(executor, given, ())
    assert [isinstance(one, Study) for one in found] == [draft is not BROKEN for draft in given]
    assert isinstance(found[3], AttributeError)
    assert [one for one in found if isinstance(one, Study)] == [study_draft(draft, ()) for draft in DRAFTS]


async def test_nothing_is_studied_of_nothing() -> None:
    assert await study_all(None, [], ()) == []
