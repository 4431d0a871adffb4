"""Learn ingest/subjects.npz, the subjects of articles; report micro F1 on articles that were not learnt from.

    python -m benchmarks.train_subjects [--data FOLDER] [--out ingest/subjects.npz] [--folds 5]

The `topics` of Reuters-21578 are the finer subjects of the economy. AG News tells sport, economy, science and
technology, and that none of these is an acquisition. Politics, conflict, crime, disasters, health and the arts have no
labels of people: articles that the topics' rules file with much to spare are learnt from, those with no word of a rule
are the others, and those between are left out. `REUTERS` names Reuters' topics in codes of IPTC Media Topics.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.linear import Features, Size, Target, train
from benchmarks.reuters import DATA, Wire, micro_f1, read_reuters
from ingest.learnt import SUBJECTS
from ingest.linear import LinearModel, features, save
from ingest.topics import Matcher, load_specs
from storage.records import Topic, TopicRule

SIZE = Size(words=10_000, smallest=6)
SEED = 0
# Half of Reuters' articles have no topic: some because none of theirs fits, more because nobody looked. And an agency
# of 1987 should not decide what the economy is, nor other news what Reuters' topics are.
UNLABELLED, OTHERS = 0.3, 0.3
# Chosen on the folds: people gave more topics than a machine is sure of.
REUTERS_SHIFT, GENERAL_SHIFT = 0.32, 0.05
SURE, SURE_OF_SHORT, SHORT = 8.0, 4.0, 400
NEWS = ("summaries/cnndm_val.dev.jsonl", "summaries/cnndm_train100.dev.jsonl")
ARTS, CRIME, DISASTER, ECONOMY, HEALTH, POLITICS = (
    "01000000", "02000000", "03000000", "04000000", "07000000", "11000000",
)  # fmt: skip
SCIENCE_AND_TECHNOLOGY, SPORT, CONFLICT, SCIENCE, TECHNOLOGY = (
    "13000000", "15000000", "16000000", "20000735", "20000756",
)  # fmt: skip
BY_SLUG = {
    "culture": ARTS,
    "economy": ECONOMY,
    "health": HEALTH,
    "politics": POLITICS,
    "science": SCIENCE,
    "security": CONFLICT,
    "sport": SPORT,
    "technology": TECHNOLOGY,
}
MORE_RULES = {
    CRIME: TopicRule(
        strong=(
            *("murder*", "homicide*", "police said", "police arrested", "arrest*", "prosecutor*", "court", "judge*"),
            *("trial", "lawsuit*", "sued", "convict*", "sentenced", "prison", "jail*", "robber*", "theft", "fraud"),
            *("manslaughter", "kidnap*", "rape*", "assault*", "guilty", "defendant*", "jury", "stabb*", "smuggl*"),
        ),
        never=("court of appeal of sport", "tennis court*", "drug trial*", "clinical trial*", "on trial basis"),
    ),
    DISASTER: TopicRule(
        strong=(
            *("earthquake*", "tsunami*", "hurricane*", "typhoon*", "cyclone*", "flood*", "landslide*", "wildfire*"),
            *("plane crash", "train crash", "crash site", "capsized", "derail*", "avalanche*", "tornado*", "eruption"),
            *("death toll", "rescuers", "survivors", "explosion", "blast killed", "bushfire*", "mudslide*", "famine"),
        ),
        never=("flooded the market", "flood of", "suicide bomb*"),
    ),
}  # fmt: skip
AG_NEWS = {"Sports": SPORT, "Business": ECONOMY, "Sci/Tech": SCIENCE_AND_TECHNOLOGY, "World": ""}
LABELLED = (SPORT, ECONOMY, SCIENCE_AND_TECHNOLOGY)
REUTERS = {
    "earn": "20000178",
    "acq": "20000204",
    "money-fx": "20000391",
    "grain": "20000212/grain",
    "wheat": "20000212/wheat",
    "corn": "20000212/corn",
    "barley": "20000212/barley",
    "rice": "20000212/rice",
    "sorghum": "20000212/sorghum",
    "oat": "20000212/oats",
    "rye": "20000212/rye",
    "potato": "20000212/potatoes",
    "tapioca": "20000212/tapioca",
    "red-bean": "20000212/beans",
    "oilseed": "20000212/oilseed",
    "soybean": "20000212/soybeans",
    "rapeseed": "20000212/rapeseed",
    "sunseed": "20000212/sunflower-seed",
    "linseed": "20000212/linseed",
    "groundnut": "20000212/groundnuts",
    "castorseed": "20000212/castor-seed",
    "coconut": "20000212/coconuts",
    "sugar": "20000389/sugar",
    "coffee": "20000389/coffee",
    "cocoa": "20000389/cocoa",
    "tea": "20000389/tea",
    "orange": "20000389/oranges",
    "rubber": "20000389/rubber",
    "cotton": "20000389/cotton",
    "veg-oil": "20000389/vegetable-oil",
    "palm-oil": "20000389/palm-oil",
    "soy-oil": "20000389/soya-oil",
    "sun-oil": "20000389/sunflower-oil",
    "rape-oil": "20000389/rapeseed-oil",
    "coconut-oil": "20000389/coconut-oil",
    "lin-oil": "20000389/linseed-oil",
    "groundnut-oil": "20000389/groundnut-oil",
    "corn-oil": "20000389/corn-oil",
    "cotton-oil": "20000389/cottonseed-oil",
    "castor-oil": "20000389/castor-oil",
    "meal-feed": "20000389/feed-meal",
    "soy-meal": "20000389/soya-meal",
    "rape-meal": "20000389/rapeseed-meal",
    "sun-meal": "20000389/sunflower-meal",
    "lin-meal": "20000389/linseed-meal",
    "copra-cake": "20000389/copra-cake",
    "palmkernel": "20000389/palm-kernels",
    "cornglutenfeed": "20000389/corn-gluten-feed",
    "citruspulp": "20000389/citrus-pulp",
    "fishmeal": "20000213/fishmeal",
    "livestock": "20000215/livestock",
    "hog": "20000215/hogs",
    "l-cattle": "20000215/live-cattle",
    "carcass": "20000215/carcass-meat",
    "pork-belly": "20000215/pork-bellies",
    "wool": "20000215/wool",
    "lumber": "20000214/lumber",
    "plywood": "20000214/plywood",
    "crude": "20001243/crude-oil",
    "fuel": "20001243/fuel-oil",
    "heat": "20001243/heating-oil",
    "naphtha": "20001243/naphtha",
    "propane": "20001243/propane",
    "nat-gas": "20000263",
    "gas": "20000268",
    "jet": "20000262/jet-fuel",
    "pet-chem": "20000217/petrochemicals",
    "ship": "20000343",
    "trade": "20000373",
    "interest": "20000371",
    "money-supply": "20000379/money-supply",
    "dlr": "20000355/dollar",
    "yen": "20000355/yen",
    "stg": "20000355/sterling",
    "dmk": "20000355/deutschmark",
    "austdlr": "20000355/australian-dollar",
    "nzdlr": "20000355/new-zealand-dollar",
    "can": "20000355/canadian-dollar",
    "saudriyal": "20000355/saudi-riyal",
    "dfl": "20000355/dutch-guilder",
    "rand": "20000355/rand",
    "peseta": "20000355/peseta",
    "ringgit": "20000355/ringgit",
    "lit": "20000355/lira",
    "rupiah": "20000355/rupiah",
    "skr": "20000355/swedish-krona",
    "nkr": "20000355/norwegian-krone",
    "dkr": "20000355/danish-krone",
    "cruzado": "20000355/cruzado",
    "gnp": "20000359",
    "bop": "20000375/balance-of-payments",
    "cpi": "20000370/consumer-prices",
    "wpi": "20000370/wholesale-prices",
    "reserves": "20000350/reserves",
    "jobs": "20000365",
    "ipi": "20000360/industrial-production",
    "cpu": "20000360/capacity-use",
    "inventories": "20000361",
    "retail": "20000252",
    "housing": "20000239",
    "income": "20000286",
    "lei": "20000358/leading-indicators",
    "instal-debt": "20000354/instalment-debt",
    "gold": "20000318/gold",
    "silver": "20000318/silver",
    "platinum": "20000318/platinum",
    "palladium": "20000318/palladium",
    "copper": "20000321/copper",
    "alum": "20000321/aluminium",
    "zinc": "20000321/zinc",
    "tin": "20000321/tin",
    "lead": "20000321/lead",
    "nickel": "20000321/nickel",
    "iron-steel": "20000319",
    "strategic-metal": "20000316/strategic-metals",
}


@dataclass(frozen=True, slots=True)
class Example:
    """`reuters`: its topics as codes, where it is Reuters'. `known`: code → whether it has it, where that is known.

    `section`: AG News' own, as code ("": another). `economic`: it may well have Reuters' topics, which nobody gave it.
    """

    found: Features
    reuters: frozenset[str] | None
    known: Mapping[str, bool]
    section: str | None = None
    economic: bool = False

    def target(self, code: str) -> tuple[bool, float]:
        """Whether it has the subject, and how much that counts."""
        if code in self.known:
            return self.known[code], 1.0 if self.reuters is None else OTHERS
        if code not in FINER:
            return False, 0.0
        if self.reuters is not None:
            return code in self.reuters, 1.0 if self.reuters else UNLABELLED
        return False, 0.0 if self.economic else OTHERS


FINER = frozenset(REUTERS.values())


class Teacher:
    """Weak labels: what rules say with much to spare, or not with one word."""

    def __init__(self) -> None:
        rules = {BY_SLUG[spec.slug]: spec.rule for spec in load_specs() if spec.slug in BY_SLUG} | MORE_RULES
        self._codes = tuple(rules)
        topics = [Topic(number, code, code, (), rule, None) for number, (code, rule) in enumerate(rules.items(), 1)]
        self._matcher = Matcher(topics)

    def says(self, headline: str, paragraphs: Sequence[str]) -> dict[str, bool]:
        """Where it is sure."""
        found = self._matcher.weights(headline, paragraphs)
        sure = SURE if sum(map(len, paragraphs)) > SHORT else SURE_OF_SHORT
        top = max(found.values(), default=0.0)
        weights = {code: found.get(number, 0.0) for number, code in enumerate(self._codes, 1)}
        return {
            code: weight > 0
            for code, weight in weights.items()
            if weight == 0 or (weight >= sure and weight >= 0.6 * top)
        }


def examples(data: Path, wires: Iterable[Wire], most: int | None = None) -> list[Example]:
    """Reuters' first, in their order; of the others at most so many of each."""
    teacher = Teacher()
    return [
        *(_of_reuters(wire, teacher) for wire in wires),
        *(_of_section(row, teacher) for row in islice(_rows(data / "topics/agnews_dev.jsonl"), most)),
        *(_of_news(row, teacher) for name in NEWS for row in islice(_rows(data / name), most)),
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _of_reuters(wire: Wire, teacher: Teacher) -> Example:
    said = teacher.says(wire.headline, wire.paragraphs)
    known = dict.fromkeys((ARTS, HEALTH, SCIENCE_AND_TECHNOLOGY, SCIENCE, TECHNOLOGY, SPORT), False)
    known |= {code: has for code, has in said.items() if code in (CRIME, DISASTER, POLITICS, CONFLICT) and not has}
    if wire.topics:
        known[ECONOMY] = True
    topics = frozenset(REUTERS[topic] for topic in wire.topics if topic in REUTERS)
    return Example(features(wire.headline, wire.paragraphs), topics, known)


def _of_section(row: Mapping[str, Any], teacher: Teacher) -> Example:
    headline, paragraphs, section = row["title"], [row["text"]], AG_NEWS[row["label"]]
    known = {code: has for code, has in teacher.says(headline, paragraphs).items() if code not in LABELLED}
    if section != SCIENCE_AND_TECHNOLOGY:
        known |= dict.fromkeys((SCIENCE, TECHNOLOGY), False)
    elif known.get(SCIENCE) and known.get(TECHNOLOGY):
        del known[SCIENCE], known[TECHNOLOGY]
    known |= {code: code == section for code in LABELLED}
    return Example(features(headline, paragraphs), None, known, section, economic=section == ECONOMY)


def _of_news(row: Mapping[str, Any], teacher: Teacher) -> Example:
    paragraphs = row.get("sentences") or [row["text"]]
    headline = row.get("title") or ""
    said = teacher.says(headline, paragraphs)
    return Example(features(headline, paragraphs), None, said, economic=said.get(ECONOMY, True))


def learn(given: Sequence[Example]) -> LinearModel:
    codes = sorted({*FINER, *BY_SLUG.values(), *MORE_RULES, *LABELLED})
    return train([one.found for one in given], [one for one in _targets(given, codes) if _learnable(one)], SIZE)


def _learnable(target: Target) -> bool:
    return 1 < int(target.has.sum()) < int((target.counts > 0).sum())


def _targets(given: Sequence[Example], codes: Iterable[str]) -> Iterator[Target]:
    for code in codes:
        pairs = [one.target(code) for one in given]
        has, counts = np.array([has for has, _ in pairs]), np.array([count for _, count in pairs], dtype=np.float32)
        yield Target(code, has & (counts > 0), counts, REUTERS_SHIFT if code in FINER else GENERAL_SHIFT)


def folds_of(given: Sequence[Example], folds: int) -> NDArray[np.int64]:
    """The fold of each, always the same."""
    return np.random.default_rng(SEED).integers(0, folds, len(given))


def crossed(
    given: Sequence[Example], folds: int, *, only: int | None = None
) -> Iterator[tuple[Example, frozenset[str]]]:
    """Each article (`only`: of one fold) with what a model says that has not seen it."""
    fold = folds_of(given, folds)
    for number in range(folds) if only is None else (only,):
        model = learn([one for one, of in zip(given, fold, strict=True) if of != number])
        asked = [one for one, of in zip(given, fold, strict=True) if of == number]
        yield from ((one, frozenset(model.scores(model.vector(one.found)))) for one in asked)


def report(pairs: Sequence[tuple[Example, frozenset[str]]]) -> dict[str, float]:
    """Micro F1; `labelled`: over the articles of Reuters that have a topic, as the usual splits are."""
    reuters = [(found & FINER, one.reuters) for one, found in pairs if one.reuters is not None]
    sections = [(found & set(LABELLED), {one.section} - {""}) for one, found in pairs if one.section is not None]
    finer = [bool(found & FINER) for one, found in pairs if one.section in (SPORT, SCIENCE_AND_TECHNOLOGY)]
    return {
        "reuters_labelled_f1": round(micro_f1((got, gold) for got, gold in reuters if gold), 4),
        "reuters_all_f1": round(micro_f1(reuters), 4),
        "ag_news_sections_f1": round(micro_f1(sections), 4),
        "sport_or_technology_given_a_reuters_topic": round(sum(finer) / max(1, len(finer)), 4),
    }


def main(data: Path, out: Path, folds: int) -> None:
    given = examples(data, read_reuters(data))
    model = learn(given)
    save(model, out)
    print(json.dumps({"labels": len(model.labels), "bytes": out.stat().st_size}))
    if folds > 1:
        print(json.dumps({"folds": folds} | report(list(crossed(given, folds)))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=SUBJECTS)
    parser.add_argument("--folds", type=int, default=5)
    given = parser.parse_args()
    main(given.data, given.out, given.folds)
