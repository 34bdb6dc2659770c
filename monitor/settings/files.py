"""The data files of ``config/``: feeds, beat, names, topics, corpus, lexicon. Read and checked, never written.

Each loader takes the configuration folder and returns frozen entities. Mistakes are gathered, not raised one by one:
``ConfigErrors`` holds a line for each, with file, key, value and fix.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from monitor import entities as e
from monitor.errors import ConfigError, ConfigErrors
from monitor.settings.model import Table, Wait, Zone

_M = TypeVar("_M", bound=BaseModel)
_T = TypeVar("_T")
Lang = Literal["en", "ja", "ru"]
Texts = dict[Lang, str]
Words = dict[Lang, tuple[str, ...]]

_SLUG = r"^[a-z0-9][a-z0-9-]*$"
Slug = Annotated[str, Field(pattern=_SLUG)]


def _three(value: Texts) -> Texts:
    missing = [lang for lang in e.LANGS if not value.get(lang, "").strip()]  # type: ignore[call-overload]
    if missing:
        raise ValueError(f"write it in all three languages; missing: {', '.join(missing)}")
    return value


InThree = Annotated[Texts, AfterValidator(_three)]


class SelectRow(Table):
    """The ``[feed.select]`` of a watched page: CSS selectors."""

    item: str = Field(min_length=1)
    title: str = ""
    link: str = ""
    date: str = ""
    text: str = ""


class FeedRow(Table):
    """A ``[[feed]]`` of ``feeds.toml``."""

    id: Slug
    url: str
    publisher: str = Field(min_length=1)
    family: Slug
    lang: Literal["en", "ja", "ru", ""] = ""
    kind: Literal["rss", "sitemap", "jsonfeed", "page"] = "rss"
    zone: Zone = "UTC"
    grade: Literal["A", "B", "C", "D"] = "C"
    enabled: bool = True
    reason: str = ""
    note: str = ""
    every: Wait | None = None
    min_every: Wait | None = None
    max_every: Wait | None = None
    query: bool = False
    insecure: bool = False
    official: bool = False
    tls_verify: bool = True
    user_agent: str = ""
    sitemap: str = ""
    select: SelectRow | None = None
    seed: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> FeedRow:
        try:
            parts = urlsplit(self.url)
        except ValueError:
            raise ValueError("url has brackets that hold no IPv6 address: mend it") from None
        if not self.enabled:
            if not self.reason.strip():
                raise ValueError("a feed that is not enabled says why: add reason, with a date")
            return self
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("url must be a whole http:// or https:// address")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("url has a port that is none: write one from 1 to 65535, or leave it out") from None
        if (self.select is None) != (self.kind != "page"):
            raise ValueError('select says where a page shows its items: write [feed.select] for kind = "page" alone')
        if self.sitemap and not urlsplit(self.sitemap).hostname:
            raise ValueError("sitemap must be a whole http:// or https:// address")
        if not self.user_agent.isprintable():
            raise ValueError("user_agent is the line of a header: write it without line breaks and control characters")
        if parts.scheme == "http" and not self.insecure:
            raise ValueError("url is plain http: use https, or set insecure = true if the site has no other")
        return self


class OfficeRow(Table):
    """An office with its days; ``from`` is a word of Python, so TOML's key is an alias."""

    office: str
    since: dt.date | None = Field(None, alias="from")
    until: dt.date | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> OfficeRow:
        if self.since and self.until and self.since > self.until:
            raise ValueError("offices: from is after to")
        return self


class NameRow(Table):
    """A ``[[name]]`` of ``config/names/``."""

    id: Slug
    kind: Literal[
        "person",
        "place",
        "island",
        "country",
        "capital",
        "body",
        "role",
        "vessel",
        "treaty",
        "company",
        "demonym",
        "event",
        "term",
    ]
    side: str = ""
    sides: tuple[str, ...] = ()
    label: InThree
    forms: Words
    weak: Words = Field(default_factory=dict)
    offices: tuple[OfficeRow, ...] = ()
    office: str = ""
    part_of: Slug | None = None
    wire: bool = False


class SideRow(Table):
    """A ``[[side]]`` of ``beat.toml``."""

    id: Slug
    names: tuple[Slug, ...]


class DisputeRow(Table):
    """``[dispute]`` of ``beat.toml``."""

    names: tuple[Slug, ...] = ()
    vague: tuple[Slug, ...] = ()


class AgainstRow(Table):
    """An ``[[against]]`` of ``beat.toml``. Words stand under their language."""

    id: Slug
    weight: float = 1.0
    en: tuple[str, ...] = ()
    ja: tuple[str, ...] = ()
    ru: tuple[str, ...] = ()


class BeatFile(Table):
    """``beat.toml``."""

    id: Slug
    name: InThree
    side: tuple[SideRow, ...] = Field(min_length=2, max_length=2)
    dispute: DisputeRow = DisputeRow()
    relation: Words = Field(default_factory=dict)
    matter: Words = Field(default_factory=dict)
    affair: dict[Slug, Words] = Field(default_factory=dict)
    voice: Words = Field(default_factory=dict)
    against: tuple[AgainstRow, ...] = ()
    weights: dict[str, float] = Field(default_factory=dict)


class PhraseRow(Table):
    """A phrase of a topic: a bare string weighs 1."""

    text: str = Field(min_length=1)
    weight: float = 1.0


def _phrase(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class TopicName(Table):
    """A name that speaks for a topic."""

    id: Slug
    weight: float = 1.0


class AnyOfRow(Table):
    """A ``[[together.of]]`` of a topic."""

    names: tuple[Slug, ...] = ()
    words: Words = Field(default_factory=dict)


class TogetherRow(Table):
    """A ``[[together]]`` of a topic: one of each ``of`` in one sentence, and nothing of ``unless``."""

    of: tuple[AnyOfRow, ...] = Field(min_length=2)
    unless: AnyOfRow = AnyOfRow()
    weight: float = Field(default=1.0, gt=0.0, le=1.0)


class TopicFile(Table):
    """``config/topics/<id>.toml``."""

    id: Slug
    name: InThree
    description: InThree
    severity: e.Weight = e.Weight.MINOR
    channel: str = ""
    phrases: dict[Lang, tuple[Annotated[PhraseRow, BeforeValidator(_phrase)], ...]] = Field(default_factory=dict)
    names: tuple[TopicName, ...] = ()
    together: tuple[TogetherRow, ...] = ()
    background: Words = Field(default_factory=dict)
    yields_to: tuple[Slug, ...] = ()


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) and value else (value or ())


class FactRow(Table):
    """A ``[[fact]]`` of a corpus record."""

    actor: Annotated[tuple[Slug, ...], BeforeValidator(_many)] = ()
    action: str
    stage: e.Stage | None = None
    polarity: Literal["+", "-"] = "+"
    object: Annotated[tuple[str, ...], BeforeValidator(_many)] = ()
    place: str = ""
    number: float | None = None
    unit: str = ""
    date: dt.date | None = None
    quote: str = ""
    speaker: str = ""


class RecordFile(Table):
    """``config/corpus/<id>.toml``."""

    id: Slug
    date: dt.date
    title: InThree
    summary: InThree
    topics: tuple[Slug, ...] = Field(min_length=1)
    publisher: str = ""
    source: str = ""
    reference: str = ""
    fact: tuple[FactRow, ...] = ()


class VerbRow(Table):
    """A ``[[verb]]`` of ``config/lexicon/``."""

    action: Slug
    stage: e.Stage
    polarity: Literal["+", "-"] = "+"
    light: bool = False
    said: bool = False
    answer: bool = False
    transitive: bool = False
    forms: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()


class ThingRow(Table):
    """A ``[[thing]]`` of ``config/lexicon/``."""

    id: Slug
    forms: tuple[str, ...] = Field(min_length=1)


class UnitRow(Table):
    """A ``[[unit]]`` of ``config/lexicon/``."""

    id: Slug
    forms: tuple[str, ...] = Field(min_length=1)
    money: bool = False
    factor: float = Field(default=1.0, gt=0)


class LexiconFile(Table):
    """``config/lexicon/<lang>.toml``; which lists of ``[words]`` there are, the facts room knows."""

    verb: tuple[VerbRow, ...] = ()
    thing: tuple[ThingRow, ...] = ()
    unit: tuple[UnitRow, ...] = ()
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)


# ------------------------------------------------------------------------------------------ reading, mistakes


def read_toml(path: Path, shown: str) -> dict[str, Any]:
    """The tables of one file; a ``ConfigError`` where it is missing, unreadable or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(shown, "", None, "the file is missing; copy it from the project's config/ folder") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"byte {error.start + 1} is no UTF-8"
        raise ConfigError(shown, "", None, f"cannot be read ({reason})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(shown, "", None, f"is not valid TOML: {error}") from None


def explain(shown: str, error: ValidationError, model: type[BaseModel], raw: Any = None) -> tuple[ConfigError, ...]:
    """Pydantic's findings as our one-line mistakes. A secret's value is never shown."""
    found = []
    for item in error.errors():
        key = ".".join(f"[{part + 1}]" if isinstance(part, int) else str(part) for part in item["loc"]).replace(
            ".[", "["
        )
        value: object = item.get("input")
        kind, fix = item["type"], item["msg"].removeprefix("Value error, ")
        if kind == "missing":
            value, fix = None, "this key is missing; add it"
        elif kind == "extra_forbidden":
            value = None  # it may be a secret whose key has a typo
            fix = "unknown key; remove it" + _near(str(item["loc"][-1]), model, item["loc"][:-1])
        elif kind == "string_pattern_mismatch":
            fix = "write a slug: small letters, digits and hyphens"
        elif kind in {"literal_error", "enum"}:
            fix = f"write one of {item.get('ctx', {}).get('expected', '')}"
        if isinstance(value, (dict, list, tuple)) or "token" in key or "password" in key:
            value = None
        if isinstance(value, str):
            value = re.sub(r"//([^/@:]*):[^/]*@", r"//\1:***@", value)
        found.append(ConfigError(shown, _with_id(key, item["loc"], raw), value, fix))
    return tuple(found)


def _with_id(key: str, loc: tuple[int | str, ...], raw: Any) -> str:
    """``feed[3].url`` says little; add the row's own id where it has one."""
    for part in loc:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return key
        if isinstance(part, int) and isinstance(raw, dict) and raw.get("id"):
            return f"{key} (id {raw['id']})"
    return key


def _near(key: str, model: type[BaseModel], loc: Sequence[int | str]) -> str:
    here: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, int) or here is None:
            continue
        field = here.model_fields.get(part)
        here = next((t for t in _models(field.annotation) if t), None) if field else None
    names = [f.alias or n for n, f in here.model_fields.items()] if here else []
    close = difflib.get_close_matches(key, names, n=1)
    return f", or did you mean {close[0]}?" if close else (f"; known here: {', '.join(sorted(names))}" if names else "")


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


class _Reader:
    """Reads files of one folder and gathers their mistakes, so that one run shows them all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.errors: list[ConfigError] = []

    def read(self, path: Path, model: type[_M]) -> tuple[_M | None, dict[str, Any]]:
        shown = self.shown(path)
        raw: dict[str, Any] = {}
        try:
            raw = read_toml(path, shown)
            return TypeAdapter(model).validate_python(raw), raw
        except ConfigError as error:
            self.errors.append(error)
        except ValidationError as error:
            self.errors.extend(explain(shown, error, model, raw))
        return None, {}

    def shown(self, path: Path) -> str:
        """A path as messages name it: from the configuration folder's own name on."""
        return str(Path(self.folder.name) / path.relative_to(self.folder))

    def add(self, path: Path, key: str, value: object, fix: str) -> None:
        self.errors.append(ConfigError(self.shown(path), key, value, fix))

    def folder_of(self, name: str) -> list[Path]:
        paths = sorted((self.folder / name).glob("*.toml"))
        if not paths:
            self.add(self.folder / name, "", None, "holds no .toml file; copy it from the project's config/ folder")
        return paths

    def finish(self) -> None:
        if self.errors:
            raise ConfigErrors(tuple(self.errors))


class _Feeds(Table):
    feed: tuple[FeedRow, ...] = ()


class _Names(Table):
    name: tuple[NameRow, ...] = ()


def feed_of(row: FeedRow) -> e.Feed:
    """A row of ``feeds.toml`` as a feed."""
    values = row.model_dump(exclude={"id", "select"})
    select = e.Selectors(**row.select.model_dump()) if row.select is not None else None
    return e.Feed(**values, id=e.FeedId(row.id), select=select)


def load_feeds(folder: Path) -> tuple[e.Feed, ...]:
    """The rows of ``feeds.toml``, dead ones included; ids and addresses are unique."""
    reader, path = _Reader(folder), folder / "feeds.toml"
    file, _ = reader.read(path, _Feeds)
    feeds = tuple(feed_of(row) for row in (file.feed if file else ()))
    if file is not None and not feeds:
        reader.add(path, "feed", None, "there is no [[feed]] in it; write one")
    _unique(reader, path, "feed.id", (feed.id for feed in feeds))
    _unique(reader, path, "feed.url", (feed.url for feed in feeds if feed.enabled))
    reader.finish()
    return feeds


def load_names(folder: Path) -> tuple[e.Name, ...]:
    """Every name of ``config/names/``; ids are unique over all files."""
    reader = _Reader(folder)
    names: dict[str, tuple[e.Name, Path]] = {}
    for path in reader.folder_of("names"):
        file, _ = reader.read(path, _Names)
        for row in file.name if file else ():
            if row.id in names:
                reader.add(
                    path, "name.id", row.id, f"stands in {reader.shown(names[row.id][1])} already; ids are unique"
                )
                continue
            if not any(row.forms.values()) and not any(row.weak.values()):
                reader.add(path, f"name.forms (id {row.id})", None, "write at least one form by which a text names it")
            names[row.id] = (_name(row), path)
    for name, path in names.values():
        if name.part_of and name.part_of not in names:
            reader.add(path, f"name.part_of (id {name.id})", name.part_of, "no name has this id")
    reader.finish()
    return tuple(name for name, _ in names.values())


def _name(row: NameRow) -> e.Name:
    offices = tuple(e.Office(office=o.office, since=o.since, until=o.until) for o in row.offices)
    data = row.model_dump(exclude={"offices"})
    return e.Name(**{**data, "id": e.NameId(row.id), "offices": offices})


def load_beat(folder: Path, names: Sequence[e.Name]) -> e.Beat:
    """``beat.toml``; every name it speaks of must be known."""
    reader, path = _Reader(folder), folder / "beat.toml"
    file, _ = reader.read(path, BeatFile)
    reader.finish()
    assert file is not None
    known = {name.id for name in names}
    for key, ids in [
        ("dispute.names", file.dispute.names),
        ("dispute.vague", file.dispute.vague),
        *((f"side.names (id {s.id})", s.names) for s in file.side),
    ]:
        for unknown in sorted(set(ids) - known):
            reader.add(path, key, unknown, "no file of names/ has this id")
    states = {name.side for name in names if name.kind in {"country", "body"} and name.side == name.id}
    sides = {"", "dispute", *(side.id for side in file.side), *states}
    for name in names:
        for side in (name.side, *name.sides):
            if side not in sides:
                reader.add(folder / "names", f"name.side (id {name.id})", side, _unknown_side(side, sides))
    reader.finish()
    return e.Beat(
        id=file.id,
        name=dict(file.name.items()),
        sides={side.id: tuple(e.NameId(n) for n in side.names) for side in file.side},
        dispute=tuple(e.NameId(n) for n in file.dispute.names),
        vague=tuple(e.NameId(n) for n in file.dispute.vague),
        relation=dict(file.relation.items()),
        matter=dict(file.matter.items()),
        affairs={name: dict(found.items()) for name, found in file.affair.items()},
        voice=dict(file.voice.items()),
        against=tuple(
            e.Against(id=row.id, weight=row.weight, words={"en": row.en, "ja": row.ja, "ru": row.ru})
            for row in file.against
        ),
        weights=dict(file.weights),
    )


def _unknown_side(side: str, sides: set[str]) -> str:
    close = difflib.get_close_matches(side, sides, n=1)
    return f"neither a side of beat.toml, nor dispute, nor a state{f'; did you mean {close[0]}?' if close else ''}"


def load_topics(folder: Path, names: Sequence[e.Name]) -> tuple[e.Topic, ...]:
    """Every topic of ``config/topics/``; a file is named as its topic's id."""
    reader, known = _Reader(folder), {name.id for name in names}
    topics = []
    paths = reader.folder_of("topics")
    slugs = {path.stem for path in paths}
    for path in paths:
        file, _ = reader.read(path, TopicFile)
        if file is None:
            continue
        if file.id != path.stem:
            reader.add(path, "id", file.id, f"the file's name says {path.stem}; make them agree")
        for unknown in sorted({name.id for name in file.names} - known):
            reader.add(path, "names.id", unknown, "no file of names/ has this id")
        for unknown in sorted(
            {name for row in file.together for part in (*row.of, row.unless) for name in part.names} - known
        ):
            reader.add(path, "together.names", unknown, "no file of names/ has this id")
        for unknown in sorted(set(file.yields_to) - slugs):
            reader.add(path, "yields_to", unknown, "no file of topics/ has this id")
        topics.append(
            e.Topic(
                id=e.TopicId(file.id),
                name=dict(file.name.items()),
                description=dict(file.description.items()),
                severity=file.severity,
                channel=file.channel,
                phrases={
                    lang: tuple(e.Phrase(text=row.text, weight=row.weight) for row in rows)
                    for lang, rows in file.phrases.items()
                },
                names={e.NameId(name.id): name.weight for name in file.names},
                together=tuple(_together(row) for row in file.together),
                background=dict(file.background.items()),
                yields_to=tuple(e.TopicId(slug) for slug in file.yields_to),
            )
        )
    reader.finish()
    return tuple(topics)


def _together(row: TogetherRow) -> e.Together:
    return e.Together(of=tuple(map(_any_of, row.of)), unless=_any_of(row.unless), weight=row.weight)


def _any_of(row: AnyOfRow) -> e.AnyOf:
    return e.AnyOf(names=tuple(map(e.NameId, row.names)), words=dict(row.words.items()))


def load_corpus(folder: Path, topics: Sequence[e.Topic], names: Sequence[e.Name]) -> tuple[e.CorpusRecord, ...]:
    """Every record of ``config/corpus/``, oldest first."""
    reader = _Reader(folder)
    known_topics, known_names = {topic.id for topic in topics}, {name.id for name in names}
    records = []
    for path in reader.folder_of("corpus"):
        file, _ = reader.read(path, RecordFile)
        if file is None:
            continue
        if file.id != path.stem:
            reader.add(path, "id", file.id, f"the file's name says {path.stem}; make them agree")
        for topic in file.topics:
            if topic not in known_topics:
                reader.add(path, "topics", topic, "no file of topics/ has this id")
        for row in file.fact:
            for name in (*row.actor, *filter(None, (row.place, row.speaker))):
                if name not in known_names:
                    reader.add(path, "fact", name, "no file of names/ has this id")
        records.append(_record(file))
    reader.finish()
    return tuple(sorted(records, key=lambda record: (record.date, record.id)))


def _record(file: RecordFile) -> e.CorpusRecord:
    facts = tuple(
        e.Fact(
            actors=tuple(e.NameId(a) for a in row.actor),
            action=row.action,
            stage=row.stage,
            polarity=row.polarity,
            objects=row.object,
            number=row.number,
            unit=row.unit,
            date=row.date,
            place=e.NameId(row.place) if row.place else None,
            quote=row.quote,
            speaker=e.NameId(row.speaker) if row.speaker else None,
        )
        for row in file.fact
    )
    return e.CorpusRecord(
        id=e.RecordId(file.id),
        date=file.date,
        title=dict(file.title.items()),
        summary=dict(file.summary.items()),
        topics=tuple(e.TopicId(t) for t in file.topics),
        facts=facts,
        publisher=file.publisher,
        source=file.source,
        reference=file.reference,
    )


def load_lexicon(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The raw tables of ``config/lexicon/<lang>.toml`` by language, rows checked; ``facts`` knows what they mean."""
    reader = _Reader(folder)
    tables: dict[str, Mapping[str, Any]] = {}
    for path in reader.folder_of("lexicon"):
        if path.stem not in e.LANGS:
            reader.add(path, "", None, f"no language has this name; name it {', '.join(e.LANGS)}")
        _, tables[path.stem] = reader.read(path, LexiconFile)
    reader.finish()
    return tables


def _unique(reader: _Reader, path: Path, key: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            reader.add(path, key, value, "stands here twice; keep one")
        seen.add(value)


class Gathered:
    """The mistakes of several loaders, raised together at the end."""

    def __init__(self) -> None:
        self._errors: list[ConfigError] = []

    def take(self, loader: Callable[[], _T]) -> _T | None:
        """What a loader gives, or None when it found mistakes (they are kept)."""
        try:
            return loader()
        except ConfigErrors as found:
            self._errors.extend(found.errors)
        except ConfigError as found_one:
            self._errors.append(found_one)
        return None

    def finish(self) -> None:
        """Raise what was kept, if anything."""
        if self._errors:
            raise ConfigErrors(tuple(self._errors))
