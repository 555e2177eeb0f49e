"""API keys: shown once, kept as a digest, refused as soon as they have ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.live.registering import START, Clock, keys_at
from watchkeeper.app.live import keys as module
from watchkeeper.app.live.keys import Key, Keys
from watchkeeper.core.errors import InputError, NotFoundError, UnavailableError


@pytest.fixture
def clock() -> Clock:
    """The clock of the keys."""
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> Iterator[Keys]:
    """Keys in an empty catalogue."""
    with keys_at(tmp_path, clock) as made:
        yield made


def test_a_key_works(keys: Keys) -> None:
    """Its secret gives the key with what it may do; admin may do everything."""
    key, secret = keys.create("flights", ["read", "ingest", "read"])
    assert keys.verify(secret) == key
    assert key.scopes == {"read", "ingest"}
    assert [key.allows(scope) for scope in ("ingest", "read", "admin")] == [True, True, False]
    admin, _ = keys.create("ann", {"admin"})
    assert all(admin.allows(scope) for scope in ("ingest", "read", "admin"))


def test_secrets_differ_and_are_long(keys: Keys) -> None:
    """256 random bits each, with the key's id in front."""
    made = [keys.create("flights", ["read"]) for _ in range(20)]
    assert len({secret for _, secret in made}) == len({key.id for key, _ in made}) == 20
    for key, secret in made:
        assert secret.startswith(f"wk_{key.id}_")
        assert len(secret.removeprefix(f"wk_{key.id}_")) == 43


def test_the_secret_is_nowhere(keys: Keys, tmp_path: Path) -> None:
    """Neither the files of the catalogue nor what is shown of a key hold it."""
    key, secret = keys.create("flights", ["read"])
    keys.verify(secret)
    random = secret.removeprefix(f"wk_{key.id}_")
    shown = repr(key) + repr(keys.list()) + repr(key.as_dict())
    assert random not in shown
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.id.encode() in stored
    assert random.encode() not in stored
    digest = module._digest(secret)
    assert digest.encode() in stored
    assert digest not in shown


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: secret[:-1] + ("a" if secret[-1] != "a" else "b"),
        lambda secret: secret + "a",
        lambda secret: secret[:-1],
        lambda secret: secret.replace("wk_", "xx_", 1),
        lambda secret: secret.upper(),
        lambda secret: "_".join([*secret.split("_", 2)[:2], ""]),
        lambda _: "",
        lambda _: "wk",
        lambda _: "wk_absent_secret",
        lambda _: "wk_\ud800_é\0",
    ],
)
def test_wrong_secrets(keys: Keys, change: object) -> None:
    """Whatever is not the secret to the letter is nobody's."""
    _, secret = keys.create("flights", ["read"])
    assert callable(change)
    assert keys.verify(change(secret)) is None


def test_every_comparison_takes_its_time(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is compared in constant time, also where there is no such id."""
    _, secret = keys.create("flights", ["read"])
    compared = []
    real = module.hmac.compare_digest
    monkeypatch.setattr(
        module.hmac, "compare_digest", lambda a, b: compared.append(len(a)) or real(a, b)
    )
    assert keys.verify(secret) is not None
    assert keys.verify("wk_absent_secret") is None
    assert keys.verify("nothing") is None
    assert compared == [64, 64, 64]


def test_an_expired_key_is_refused(keys: Keys, clock: Clock) -> None:
    """To the moment, though it is remembered."""
    key, secret = keys.create("flights", ["read"], expires=START + timedelta(days=1))
    clock.now = START + timedelta(days=1, microseconds=-1)
    assert keys.verify(secret) is not None
    assert keys.any()
    clock.now = START + timedelta(days=1)
    assert keys.verify(secret) is None
    assert not keys.any()
    assert [each.id for each in keys.list()] == [key.id]


def test_a_revoked_key_is_refused(keys: Keys, clock: Clock) -> None:
    """At once and for good; the list keeps it with the time."""
    key, secret = keys.create("flights", ["read"])
    assert keys.verify(secret) is not None
    clock.now += timedelta(hours=1)
    assert keys.revoke(key.id).revoked == clock.now
    assert keys.verify(secret) is None
    clock.now += timedelta(hours=1)
    assert keys.revoke(key.id).revoked == START + timedelta(hours=1)
    assert not keys.any()
    with pytest.raises(NotFoundError, match="no key 'absent'"):
        keys.revoke("absent")


def test_another_process_is_noticed(tmp_path: Path) -> None:
    """A key that is made elsewhere works, and one that is revoked elsewhere ends."""
    with keys_at(tmp_path) as one, keys_at(tmp_path) as other:
        assert not other.any()
        key, secret = one.create("flights", ["read"])

        def found() -> Key | None:
            return other.verify(secret)

        assert wait(lambda: found() is not None)
        one.revoke(key.id)
        assert wait(lambda: found() is None)


def wait(true: object) -> bool:
    """Wait until something is true, at most some seconds."""
    assert callable(true)
    for _ in range(200):
        if true():
            return True
        time.sleep(0.02)
    return False


def test_when_a_key_was_used(keys: Keys, clock: Clock, tmp_path: Path) -> None:
    """To the minute, without moving the catalogue's generation."""
    _, secret = keys.create("flights", ["read"])
    (fresh,) = keys.list()
    assert fresh.last_used is None
    generation = keys._catalogue.generation()
    for seconds in (0, 59, 60, 90):
        clock.now = START + timedelta(seconds=seconds)
        keys.verify(secret)
    (used,) = keys.list()
    assert used.last_used == START + timedelta(seconds=60)
    assert keys._catalogue.generation() == generation


def test_a_catalogue_that_does_not_answer(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that are known go on."""
    _, secret = keys.create("flights", ["read"])
    keys.verify(secret)

    def away(*_arguments: object) -> None:
        raise UnavailableError("away")

    monkeypatch.setattr(keys._catalogue, "_ask", away)
    monkeypatch.setattr(keys._catalogue, "_touch", away)
    keys._watch.hurry()
    assert keys.verify(secret) is not None


def test_what_cannot_be_a_key(keys: Keys) -> None:
    """Scopes that are none, a name that says nothing, an end in the past."""
    with pytest.raises(InputError, match=r"'write' is no scope; use one or more of ingest, read"):
        keys.create("flights", ["write"])
    with pytest.raises(InputError, match="a key needs a scope"):
        keys.create("flights", [])
    for name in ("", " ", "a\nb", "x" * 201):
        with pytest.raises(InputError, match="a key needs a name"):
            keys.create(name, ["read"])
    with pytest.raises(InputError, match="has passed"):
        keys.create("flights", ["read"], expires=START)
    assert keys.list() == []
