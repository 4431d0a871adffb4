"""The bot's open questions."""

from datetime import UTC, datetime, timedelta

from storage import prompts
from storage.database import Database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)


async def _ask(db: Database, user_id: int, kind: str, expires_at: datetime = LATER) -> None:
    async with db.begin() as tx:
        await prompts.ask(
            tx, bot_id=7, chat_id=-5, user_id=user_id, kind=kind, data={"article_id": 3}, expires_at=expires_at
        )


async def _waiting(db: Database, user_id: int) -> prompts.Prompt | None:
    async with db.read() as tx:
        return await prompts.waiting(tx, bot_id=7, chat_id=-5, user_id=user_id)


async def test_a_later_question_replaces_an_earlier_one_of_the_same_person_only(db: Database) -> None:
    await _ask(db, 1, "headline")
    await _ask(db, 2, "headline")
    await _ask(db, 1, "add")
    assert await _waiting(db, 1) == prompts.Prompt("add", {"article_id": 3}, LATER)
    assert await _waiting(db, 2) == prompts.Prompt("headline", {"article_id": 3}, LATER)
    assert await _waiting(db, 3) is None


async def test_a_withdrawn_question_is_gone_and_a_second_withdrawal_says_so(db: Database) -> None:
    await _ask(db, 1, "add")
    async with db.begin() as tx:
        assert await prompts.withdraw(tx, bot_id=7, chat_id=-5, user_id=1)
        assert not await prompts.withdraw(tx, bot_id=7, chat_id=-5, user_id=1)
    assert await _waiting(db, 1) is None


async def test_pruning_drops_what_expired_and_leaves_the_rest(db: Database) -> None:
    await _ask(db, 1, "add", NOW - timedelta(seconds=1))
    await _ask(db, 2, "add")
    async with db.begin() as tx:
        assert await prompts.prune(tx, before=NOW) == 1
    assert await _waiting(db, 1) is None
    assert await _waiting(db, 2) is not None


async def test_forgetting_a_chat_forgets_everybody_s_questions_there(db: Database) -> None:
    await _ask(db, 1, "add")
    async with db.begin() as tx:
        await prompts.forget_chat(tx, bot_id=7, chat_id=-5)
    assert await _waiting(db, 1) is None
