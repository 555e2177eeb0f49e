"""The log of a Delta table on disk: what a commit added, and whether it outlived the machine.

Delta's writer does not sync what it writes. So a commit is synced before the journal forgets its
entries; and when a machine went down in between, commits that were torn are taken off the end of
the log, since the journal still has what was in them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from watchkeeper.core.envelope import DAY
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.disk import sync, sync_files

APPLICATION = "watchkeeper"
"""Under this name a commit states the journal's position that it reaches."""

_LAST_CHECKPOINT = "_last_checkpoint"


class AddedFile(msgspec.Struct, frozen=True):
    """A file that a commit added.

    Parameters
    ----------
    path
        Relative to the table.
    day
        The partition.
    rows
        How many it holds.
    size
        In bytes.
    """

    path: str
    day: date
    rows: int
    size: int


class LogCommit(msgspec.Struct, frozen=True):
    """What one version of a table did.

    Parameters
    ----------
    version
        Its number.
    position
        The journal's position that it reaches; None where it appended nothing.
    files
        What it added, rewritten files too.
    removed
        Paths of what it took away.
    """

    version: int
    position: int | None
    files: tuple[AddedFile, ...]
    removed: tuple[str, ...]


def log_folder(table: Path) -> Path:
    """Where a table's log lies."""
    return table / "_delta_log"


def log_file(table: Path, version: int) -> Path:
    """The file of one version."""
    return log_folder(table) / f"{version:020d}.json"


def log_versions(table: Path) -> list[int]:
    """Versions whose files are there, ascending."""
    with contextlib.suppress(FileNotFoundError):
        names = (path.name for path in log_folder(table).iterdir())
        return sorted(int(name[:20]) for name in names if name[20:] == ".json")
    return []


def checkpoints(table: Path) -> dict[int, list[Path]]:
    """Files of each checkpoint, by version, ascending."""
    found: dict[int, list[Path]] = {}
    for path in sorted(log_folder(table).glob("*.checkpoint*.parquet")):
        found.setdefault(int(path.name[:20]), []).append(path)
    return found


def read_commit(table: Path, version: int) -> LogCommit | None:
    """What a version did; None where its file is gone.

    Raises
    ------
    ValueError
        The file is torn.
    """
    try:
        text = log_file(table, version).read_bytes()
    except FileNotFoundError:
        return None
    return parse_commit(version, text)


def parse_commit(version: int, text: bytes) -> LogCommit:
    """What a version did, of its file's content.

    Raises
    ------
    ValueError
        The file is torn.
    """
    actions = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not actions:
        raise ValueError(f"version {version} holds nothing")
    positions = [
        int(txn["version"])
        for txn in (action.get("txn") for action in actions)
        if txn is not None and txn["appId"] == APPLICATION
    ]
    return LogCommit(
        version,
        positions[0] if positions else None,
        tuple(_added(action["add"]) for action in actions if "add" in action),
        tuple(unquote(action["remove"]["path"]) for action in actions if "remove" in action),
    )


def last_position(table: Path) -> int:
    """The journal's position of the newest commit that can be read and has one; 0: none."""
    for version in reversed(log_versions(table)):
        with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
            commit = read_commit(table, version)
            if commit is not None and commit.position is not None:
                return commit.position
    return 0


def sync_commit(table: Path, commit: LogCommit, *, top: Path) -> None:
    """Return once a commit is on disk: its files, its entry in the log, and the names of both.

    Parameters
    ----------
    table
        The table's folder.
    commit
        What is to be safe.
    top
        The last folder upwards that is synced.
    """
    files = [table / file.path for file in commit.files]
    sync_files([*files, log_file(table, commit.version)], top)


def sync_checkpoint(table: Path) -> None:
    """Return once the newest checkpoint and what points to it are on disk."""
    found = checkpoints(table)
    files = found[max(found)] if found else []
    pointer = log_folder(table) / _LAST_CHECKPOINT
    for path in (*files, *([pointer] if pointer.exists() else [])):
        sync(path)
    sync(log_folder(table))


def settle(table: Path, since: int, *, top: Path, released: int = 0) -> int:
    """Make sure of commits that were perhaps not synced; take torn ones off the end.

    Parameters
    ----------
    table
        The table's folder.
    since
        The first journal position whose entry is still in the journal; what reached less was
        synced before.
    top
        The last folder upwards that is synced.
    released
        The last position that the journal has forgotten: behind it there is no way back.

    Returns
    -------
    int
        How many commits were taken off; they are renamed to `.torn`.

    Raises
    ------
    UnavailableError
        A commit that the journal has forgotten is damaged; nothing is taken off.
    """
    _drop_torn_checkpoint(table)
    unsure, torn = _unsure(table, since)
    for commit in unsure if torn is None else (one for one in unsure if one.version < torn):
        sync_commit(table, commit, top=top)
    if torn is None or not _can_go_back(table, [one for one in unsure if one.version >= torn]):
        return 0
    if released and (left := _position_before(table, torn)) < released:
        raise UnavailableError(
            f"version {torn} of the table {table} is damaged: it was written whole, and what it "
            f"added is no longer in the journal (positions {left + 1} to {released}); see whether "
            "the disk is failing, and restore the last backup with 'watchkeeper restore'",
            retry_after=60,
        )
    gone = [version for version in reversed(log_versions(table)) if version >= torn]
    for version in gone:  # From the end, so that the log is whole after each of them.
        path = log_file(table, version)
        path.replace(path.with_suffix(".torn"))
    sync(log_folder(table))
    return len(gone)


def _unsure(table: Path, since: int) -> tuple[list[LogCommit], int | None]:
    """Commits that were perhaps not synced, and the first version of them that is torn."""
    commits: list[LogCommit] = []
    torn: int | None = None
    removed: set[str] = set()  # A later version may have removed a file, and rightly so.
    for version in reversed(log_versions(table)):
        try:
            commit = read_commit(table, version)
        except (ValueError, KeyError, TypeError):
            commit = None
        if commit is None:
            torn = version
            continue
        if commit.position is not None and commit.position < since:
            break
        files = tuple(file for file in commit.files if file.path not in removed)
        if not all(_is_whole(table / file.path, file.size) for file in files):
            torn = version
        commits.append(msgspec.structs.replace(commit, files=files))
        removed.update(commit.removed)
    return commits, torn


def _can_go_back(table: Path, commits: Iterable[LogCommit]) -> bool:
    """Whether what commits took away is still there for the versions before them."""
    return all((table / path).exists() for commit in commits for path in commit.removed)


def _position_before(table: Path, version: int) -> int:
    """The position that the versions before one reach, by the log and its checkpoints; 0: none."""
    from deltalake import DeltaTable

    if version == 0:
        return 0
    return DeltaTable(str(table), version=version - 1).transaction_version(APPLICATION) or 0


def _is_whole(path: Path, size: int) -> bool:
    """Whether a Parquet file has its length, its magic numbers and a footer."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.stat().st_size != size:
            return False
        pq.read_table(path, use_threads=False)
    except (OSError, pa.ArrowException):
        return False
    return True


def _drop_torn_checkpoint(table: Path) -> None:
    """Remove a newest checkpoint that cannot be read; the log before it is still there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = checkpoints(table)
    if not found:
        return
    files = found[max(found)]
    try:
        for path in files:
            pq.read_table(path, use_threads=False)
    except (OSError, pa.ArrowException):
        for path in (*files, log_folder(table) / _LAST_CHECKPOINT):
            path.unlink(missing_ok=True)


def clean_log(table: Path, *, older_than: float, keep: int) -> int:
    """Delete entries of the log that no reader needs any more.

    Versions before a checkpoint can be missing; the newest such checkpoint that is old enough, or
    that has enough versions after it, becomes the first one.

    Parameters
    ----------
    table
        The table's folder.
    older_than
        Seconds since 1970: entries written later stay, as long as they are not too many.
    keep
        More versions than this are not kept, however new.

    Returns
    -------
    int
        How many files were deleted.
    """
    versions = log_versions(table) or [0]
    found = checkpoints(table)
    written = {version: files[0].stat().st_mtime for version, files in found.items()}
    first = first_needed(versions, written, older_than=older_than, keep=keep)
    if first is None:
        return 0
    old = [log_file(table, version) for version in versions if version < first]
    old += [path for version, files in found.items() if version < first for path in files]
    return _unlink(old)


def first_needed(
    versions: Sequence[int], written: Mapping[int, float], *, older_than: float, keep: int
) -> int | None:
    """The checkpoint before which the log can be deleted; see `clean_log`.

    Parameters
    ----------
    versions
        Of the log, ascending.
    written
        When the checkpoint of a version was written, in seconds since 1970.
    older_than, keep
        As of `clean_log`.

    Examples
    --------
    >>> first_needed(range(100), {20: 5.0, 40: 6.0, 60: 7.0}, older_than=6.5, keep=1000)
    40
    """
    last = versions[-1] if versions else 0
    return max(
        (version for version, at in written.items() if version <= last - keep or at < older_than),
        default=None,
    )


def _unlink(paths: Iterable[Path]) -> int:
    gone = 0
    for path in paths:
        path.unlink(missing_ok=True)
        gone += 1
    return gone


def _added(add: dict[str, Any]) -> AddedFile:
    stats = json.loads(add.get("stats") or "{}")
    return AddedFile(
        path=unquote(add["path"]),
        day=date.fromisoformat(add["partitionValues"][DAY]),
        rows=int(stats.get("numRecords", 0)),
        size=int(add["size"]),
    )
