"""The models that the server knows: registered by files, by references and by records."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from watchkeeper.app.live.applying import By, apply_file, check_name
from watchkeeper.app.live.referring import NewReference, ask_for, put_reference
from watchkeeper.app.live.registered import (
    Kind,
    Reference,
    Registered,
    Wanted,
    registered,
    with_limits,
)
from watchkeeper.app.live.sightings import Sightings
from watchkeeper.app.live.watching import Watch
from watchkeeper.app.model_file import parse_model, validate_model
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.collect.wire.rules import Rules
from watchkeeper.core import envelope
from watchkeeper.core.errors import InputError, ModelError, NotFoundError
from watchkeeper.profiles.codec import decode
from watchkeeper.profiles.profile import Profile
from watchkeeper.store.catalogue.catalogue import Catalogue
from watchkeeper.store.catalogue.change import Change
from watchkeeper.store.catalogue.rows import Feature, ModelRow, ReferenceRow

MAX_MODELS = 10_000
"""Models that records may register: a client that sends ids for names must come to an end."""

TYPES = ("double", "int64", "string", "bool", "timestamp")
"""What a feature can be stored as."""

_PROFILES = 64


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is remembered of a model until the catalogue moves."""

    id: int
    model: Registered
    rules: Rules
    active: ReferenceRow | None


class Registry:
    """Models, their versions and references; for any number of threads.

    What it knows it remembers, and forgets when the catalogue's generation moves: its own changes
    are seen at once, those of other processes within a quarter of a second.

    Parameters
    ----------
    catalogue
        Where it is kept.
    clock
        The time now, with its zone.
    """

    def __init__(self, catalogue: Catalogue, *, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._watch = Watch(catalogue)
        self._entries: dict[str, _Entry] = {}
        self._profiles: OrderedDict[int, tuple[str, Profile]] = OrderedDict()
        self._lock = threading.Lock()
        self._sightings = Sightings(catalogue)

    @property
    def generation(self) -> int:
        """A number that moves with every change, also one made by another process."""
        self._renew()
        return self._watch.generation

    def apply(
        self,
        content: Mapping[str, object] | str,
        *,
        name: str | None = None,
        force: bool = False,
        who: str | None = None,
    ) -> dict[str, Any]:
        """Register a model, or change it to what its file says; the same twice changes nothing.

        A `reference` that is a file is not read here: see `watchkeeper.app.live.references`.

        Parameters
        ----------
        content
            A model file: its text in YAML, or what it holds.
        name
            The model's name where the address says it; the file may then leave it out.
        force
            Go on where what is stored could not be compared afterwards.
        who
            Whose key it is.

        Returns
        -------
        dict
            `name`; `outcome`: `created`, `changed` or `unchanged`; `changes`: one text for each
            key; `notes`: what the user should know of.

        Raises
        ------
        ConflictError
            The change would orphan what is stored, such as another task.
        ModelError
            The file is wrong, or its name is not that of the address.
        """
        file = named_file(content, name)
        with self._catalogue.change() as change:
            applied = apply_file(change, file, By(self._clock(), who), force=force)
        self._forget()
        return applied.as_dict()

    def names(self) -> list[str]:
        """The names of all models, in order."""
        return self._catalogue.names()

    def get(self, name: str) -> Registered:
        """A model; `NotFoundError` where there is none of that name."""
        return self._found(name).model

    def rules(self, name: str, *, create: bool) -> Rules:
        """What records of a model are checked against; a look into a dictionary, most times.

        Parameters
        ----------
        name
            The model.
        create
            Whether a name that is not known becomes a model.

        Raises
        ------
        NotFoundError
            There is no such model and it is not to be made, or there are too many by now.
        ModelError
            It is to be made, but the name cannot be that of a model.
        """
        entry = self._entry(name)
        if entry is None and create:
            self._create(name)
        return (entry or self._found(name)).rules

    def adopt(self, name: str, features: Mapping[str, str]) -> None:
        """Take features into a model's schema that records have brought; durable on return.

        The first type wins: a feature that is known keeps its own, so ask for the `rules` again.

        Parameters
        ----------
        name
            The model.
        features
            The type of each; that of the prediction under `_prediction`.

        Raises
        ------
        InputError
            A type or a name that cannot be stored.
        NotFoundError
            There is no such model.
        """
        known = self._found(name).model
        fresh = {key: type_ for key, type_ in features.items() if not _knows(known, key)}
        if not fresh:
            return
        _check_features(fresh)
        prediction = fresh.pop(envelope.PREDICTION, None)
        with self._catalogue.change() as change:
            row = _row(change, name)
            held = row.features
            put = {
                key: Feature(held[key].type if key in held else type_, "records")
                for key, type_ in fresh.items()
                if key not in held or held[key].source == "past"
            }
            change.put_features(row.id, put, at=self._clock())
            change.update_model(
                row.id, at=self._clock(), used=True, prediction=row.prediction or prediction
            )
        self._forget()

    def seen_versions(self, name: str, versions: Mapping[str, datetime]) -> None:
        """Note that records of versions have come; call it for every batch.

        Parameters
        ----------
        name
            The model; one that has been removed meanwhile is passed over.
        versions
            A time of each version's records; the version "" for records that name none.
        """
        entry = self._entry(name)
        if entry is None:
            return
        if self._sightings.note(entry.id, versions, used=entry.model.used):
            self._forget()

    def versions(self, name: str) -> list[dict[str, Any]]:
        """The versions of a model by when they were first seen.

        Returns
        -------
        list
            Of each `version`, `first_seen` and `last_seen` (to the minute; None where no record
            came), `by_hand` (whether somebody registered it) and `details`.
        """
        return [asdict(row) for row in self._catalogue.versions(self._found(name).id)]

    def register_version(self, name: str, version: str, details: Mapping[str, Any]) -> None:
        """Register a version by hand, with whatever is to be known of it, or change its details."""
        if not version or not version.isprintable():
            raise InputError(
                f"{version!r} cannot be a version; use printable characters, such as '2013-04'"
            )
        with self._catalogue.change() as change:
            row = _row(change, name)
            change.put_version(row.id, version, by_hand=True, details=dict(details))
        self._forget()

    def set_reference(
        self,
        name: str,
        *,
        kind: Kind,
        origin: Mapping[str, Any],
        profile: Profile | None,
        who: str | None = None,
        force: bool = False,
    ) -> dict[str, Any]:
        """Give a model a reference; the one before it becomes history.

        Parameters
        ----------
        name
            The model.
        kind, origin
            What it is made from; of production `{"window": "A..B"}`, `{"rolling": "28d"}` or
            `{"seasonal": "4w"}`.
        profile
            On a layout of its own; None asks for one of production to be made: see `wanted`.
        who
            Whose key it is.
        force
            Go on where the task is another one than that of what is stored.

        Returns
        -------
        dict
            `model`; `outcome`: `set`, `wanted` or `unchanged`; `kind`, `origin`, `layout`, `rows`,
            and `notes`.

        Raises
        ------
        ConflictError
            The task of the reference is not that of the model.
        NotFoundError
            There is no such model.
        InputError
            There is neither a profile nor windows of production.
        """
        new = None if profile is None else NewReference(kind, dict(origin), profile)
        by = By(self._clock(), who)
        with self._catalogue.change() as change:
            row = _row(change, name)
            if new is None:
                answer = ask_for(change, row, kind, origin, by)
            else:
                answer = put_reference(change, row, new, by, force=force)
        self._forget()
        return answer

    def reference(self, name: str) -> Reference | None:
        """What a model is compared with; None where nothing is set, or is still to be made."""
        entry = self._found(name)
        row, said = entry.active, entry.model.reference
        if row is None or said is None:
            return None
        return Reference(
            id=row.id,
            kind=cast("Kind", row.kind),
            origin=row.origin,
            layout_id=str(row.layout),
            profile=self._profile(row, entry.model.file),
            set_at=row.set_at,
            who=row.who,
            fits=said["fits"],
        )

    def references(self, name: str) -> list[dict[str, Any]]:
        """Every reference that a model has had, the newest first, without their profiles."""
        self._found(name)
        return [asdict(row) for row in self._catalogue.references(name)]

    def wanted(self) -> list[Wanted]:
        """References of production that are still to be made, for there were no rows before."""
        return [
            Wanted(row.model, cast("Kind", row.kind), row.origin, row.id, row.who)
            for row in self._catalogue.references(states=("wanted",))
        ]

    def remove(self, name: str) -> None:
        """Forget a model with its versions and references; `NotFoundError` where there is none."""
        with self._catalogue.change() as change:
            change.remove_model(_row(change, name).id)
        self._forget()

    def _create(self, name: str) -> None:
        check_name(name)
        with self._catalogue.change() as change:
            if change.model(name) is None:
                if change.count_models() >= MAX_MODELS:
                    raise NotFoundError(
                        f"there is no model {name!r}, and records have registered {MAX_MODELS:,} "
                        "models already; register it with `watchkeeper apply`, or remove some"
                    )
                change.add_model(name, {"name": name}, at=self._clock())
        self._forget()

    def _found(self, name: str) -> _Entry:
        entry = self._entry(name)
        if entry is None:
            raise _unknown(name)
        return entry

    def _entry(self, name: str) -> _Entry | None:
        """What is known of a model, from memory where the catalogue has not moved."""
        self._renew()
        # Another thread may forget everything while this one reads: then it is put into the
        # dictionary that nobody looks at any more, rather than kept though it is old.
        entries = self._entries
        found = entries.get(name)
        if found is None:
            found = self._read(name)
            if found is not None:
                entries[name] = found
        return found

    def _read(self, name: str) -> _Entry | None:
        row = self._catalogue.model(name)
        if row is None:
            return None
        active = next(iter(self._catalogue.references(name, states=("active",))), None)
        model = registered(row, active)
        return _Entry(row.id, model, model.rules, active)

    def _profile(self, row: ReferenceRow, file: ModelFile) -> Profile:
        """The profile of a reference with the limits of the file, which seldom change."""
        limits = file.model_dump_json(include={"name", "checks", "thresholds"})
        with self._lock:
            held = self._profiles.get(row.id)
            if held is not None and held[0] == limits:
                self._profiles.move_to_end(row.id)
                return held[1]
            data = self._catalogue.profile(row.id)
            if data is None:
                raise _unknown(row.model)
            found = with_limits(decode(data, name=f"the reference of {row.model!r}"), file)
            self._profiles[row.id] = (limits, found)
            if len(self._profiles) > _PROFILES:
                self._profiles.popitem(last=False)
            return found

    def _renew(self) -> None:
        if self._watch.moved():
            self._entries = {}

    def _forget(self) -> None:
        self._watch.hurry()
        self._entries = {}


def named_file(content: Mapping[str, object] | str, name: str | None) -> ModelFile:
    """The model file for the model `name`, or for the one that it names itself.

    Raises
    ------
    ModelError
        It is wrong, names another model or none, or its name cannot be that of a model.
    """
    file = parse_model(content) if isinstance(content, str) else validate_model(content)
    stated = "name" in file.model_fields_set
    if not stated and name is None:
        raise ModelError(
            "the model file has no name, by which the server knows a model; add one, such as "
            "`name: late-arrivals`"
        )
    if stated and name is not None and file.name != name:
        raise ModelError(
            f"the model file is of {file.name!r}, the address of {name!r}; make both alike, or "
            "leave the name out of the file"
        )
    file = file if name is None else file.model_copy(update={"name": name})
    check_name(file.name)
    return file


def _knows(model: Registered, key: str) -> bool:
    if key == envelope.PREDICTION:
        return model.prediction is not None
    return key in model.features


def _row(change: Change, name: str) -> ModelRow:
    row = change.model(name)
    if row is None:
        raise _unknown(name)
    return row


def _check_features(features: Mapping[str, str]) -> None:
    for name, type_ in features.items():
        if type_ not in TYPES:
            raise InputError(
                f"the feature {name!r} is of type {type_!r}; it can be one of {', '.join(TYPES)}"
            )
        if "\0" in name:
            raise InputError(f"the name of the feature {name!r} holds a null character; rename it")


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(
        f"there is no model {name!r}; list them with `watchkeeper models`, or register it with "
        "`watchkeeper apply`"
    )
