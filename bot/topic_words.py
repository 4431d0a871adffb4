"""Topics in words, for editors: rules, what a change would do, how the tagging of the archive goes. HTML."""

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from bot import source_words, topic_edit
from bot.commands.desk_card import short
from delivery import render
from delivery.wording import long_date
from ingest.retag import DryRun, Effect
from storage.records import Topic
from storage.refiling import Text
from storage.retags import Retag

# Of a list on a card, and of a headline in a dry run.
LIST_LENGTH, HEADLINE_LENGTH = 350, 90
OTHERS = 4

SIGNS = {
    "strong": "💪",
    "weak": "🪶",
    "never": "🚫",
    "dateline": "📍",
    "countries": "🌍",
    "aliases": "🔤",
    "subjects": "🎓",
    "learnt_countries": "🧭",
}
MEANS = {
    "strong": "carry the topic by themselves",
    "weak": "only add to it",
    "never": "don't count where they stand",
    "dateline": "carry it in the dateline",
    "countries": "with their names, peoples and cities",
    "learnt_countries": "found in English articles by the shipped model",
    "subjects": "found in English articles by the shipped model",
    "aliases": "other names, for typing",
}


def listed(topic: Topic, field: str, length: int | None = LIST_LENGTH) -> str:
    """One list of a topic: as much of it as fits, and how much more there is."""
    items = [render.isolate(render.escape(one)) for one in topic_edit.values(topic, field)]
    if not items:
        return ""
    shown, used = list[str](), 0
    for item in items:
        used += len(item) + 2
        if length is not None and shown and used > length:
            break
        shown.append(item)
    more = f" … and {len(items) - len(shown)} more" if len(shown) < len(items) else ""
    return f"{SIGNS[field]} <b>{field}</b> ({MEANS[field]}): {', '.join(shown)}{more}"


def whole(topic: Topic) -> list[str]:
    """Every list that has anything in it, in full."""
    return [line for field in topic_edit.LISTS if (line := listed(topic, field, None))]


def changed(lines: Iterable[str]) -> str:
    return "\n".join(f"• {render.isolate(render.escape(short(line, 600)))}" for line in lines)


def would(found: DryRun, topic: Topic, topics: Sequence[Topic], zone: tzinfo) -> str:
    """What a dry run found for the topic that is changed, and in a line what for others."""
    if not found.looked_at:
        return "There are no articles yet on which to try it."
    newest = f"the newest {found.looked_at:,} of {found.total:,} articles"
    span = f"all {found.total:,} articles" if found.looked_at >= found.total else newest
    back = f", back to {long_date(found.back_to, zone, 'en')}" if found.back_to else ""
    effect = found.effects.get(topic.id, Effect())
    parts = [f"Tried on {span}{back}:", *_both(effect), *_others(found, topic, topics)]
    if not effect.gained and not effect.lost:
        parts[1:1] = ["🟰 None of them would come in or go out."]
    if found.prevented:
        parts.append(f"✋ Editors' own word keeps {found.prevented:,} as they are.")
    return "\n\n".join(parts)


def _both(effect: Effect) -> list[str]:
    told = [("➕", effect.gained, "would come in", effect.gains), ("➖", effect.lost, "would go out", effect.losses)]
    return [
        "\n".join([f"{sign} <b>{count:,}</b> {verb}" + (", such as:" if count > len(some) else ":"), *map(_line, some)])
        for sign, count, verb, some in told
        if count
    ]


def _line(text: Text) -> str:
    return f"• {render.isolate(render.escape(short(text.headline, HEADLINE_LENGTH)))} (No. {text.article_id})"


def _others(found: DryRun, topic: Topic, topics: Sequence[Topic]) -> list[str]:
    """Topics that weigh less or more beside it, and what earlier rules left."""
    called = {one.id: one.name for one in topics}
    effects = sorted(
        ((key, effect) for key, effect in found.effects.items() if key != topic.id),
        key=lambda pair: -pair[1].gained - pair[1].lost,
    )
    told = [
        f"{render.escape(called.get(key, 'a retired topic'))} +{effect.gained:,} −{effect.lost:,}"
        for key, effect in effects[:OTHERS]
    ]
    more = ["others"] if len(effects) > OTHERS else []
    return [f"↔️ Besides, by weighing or by what earlier rules left: {', '.join((*told, *more))}"] if told else []


def retagging(work: Retag) -> str:
    """The tagging of the archive, for whoever waits for it."""
    tally = f"➕ {work.gained:,} filed, ➖ {work.lost:,} taken out"
    if work.ended_at is None:
        return f"<b>🔄 The archive is tagged again</b>: {share(work)}\n{tally}"
    took = f" in {source_words.span(work.ended_at - work.began_at)}" if work.began_at else ""
    return f"<b>✅ The archive is tagged again</b>: {work.done:,} articles{took}.\n{tally}"


def share(work: Retag) -> str:
    """How far it is: "1,200 of 4,800 articles (25 %)"."""
    if not work.total:
        return "it begins"
    return f"{work.done:,} of {work.total:,} articles ({100 * work.done // work.total} %)"
