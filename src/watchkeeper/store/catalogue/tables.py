"""The tables of the catalogue, as the newest migration leaves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""How constraints are called, so that a migration can name what it changes in any database."""


class Moment(TypeDecorator[datetime]):
    """A time with a zone; SQLite keeps none, so it holds UTC there."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time in UTC; without the zone where the database knows none."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """The time in UTC, with its zone."""
        del dialect
        if value is None:
            return None
        moment: datetime = value
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


metadata = sa.MetaData(naming_convention=NAMES)


def _model_id(**options: Any) -> sa.Column[int]:
    """A column that names a model, and goes with it."""
    return sa.Column(
        "model_id", sa.Integer, sa.ForeignKey("models.id", ondelete="CASCADE"), **options
    )


state = sa.Table(
    "state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("task", sa.Text),
    sa.Column("prediction", sa.Text),
    sa.Column("used", sa.Boolean, nullable=False),
    sa.Column("created", Moment, nullable=False),
    sa.Column("changed", Moment, nullable=False),
    # An id that was given once is never given again: others remember things by it.
    sqlite_autoincrement=True,
)

features = sa.Table(
    "features",
    metadata,
    _model_id(primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
)

versions = sa.Table(
    "versions",
    metadata,
    _model_id(primary_key=True),
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("first_seen", Moment),
    sa.Column("last_seen", Moment),
    sa.Column("by_hand", sa.Boolean, nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
)

references = sa.Table(
    "model_references",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _model_id(nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("origin", sa.JSON, nullable=False),
    sa.Column("measured", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("layout", sa.Text),
    sa.Column("rows", sa.BigInteger),
    sa.Column("set_at", Moment, nullable=False),
    sa.Column("who", sa.Text),
    sqlite_autoincrement=True,
)

profiles = sa.Table(
    "reference_profiles",
    metadata,
    sa.Column(
        "reference_id",
        sa.Integer,
        sa.ForeignKey("model_references.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("profile", sa.LargeBinary, nullable=False),
)

keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created", Moment, nullable=False),
    sa.Column("expires", Moment),
    sa.Column("last_used", Moment),
    sa.Column("revoked", Moment),
)

alarm_files = sa.Table(
    "alarm_files",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("set_at", Moment, nullable=False),
    sa.Column("who", sa.Text),
)

alarm_states = sa.Table(
    "alarm_states",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("due", Moment),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("changed", Moment, nullable=False),
    sa.Index("ix_alarm_states_kind_due", "kind", "due"),
)

alarm_messages = sa.Table(
    "alarm_messages",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("receiver", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due", Moment, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("made", Moment, nullable=False),
    sa.Column("done", Moment),
    sa.Index("ix_alarm_messages_state_due", "state", "due"),
    sa.Index("ix_alarm_messages_key_state", "key", "state"),
    sqlite_autoincrement=True,
)

alarm_history = sa.Table(
    "alarm_history",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", Moment, nullable=False),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text),
    sa.Column("issuer", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("disabled", Moment),
    sa.Column("created", Moment, nullable=False),
    sa.Column("last_sign_in", Moment),
    sa.Index("ix_users_subject", "issuer", "subject", unique=True),
    # The same name later is somebody else.
    sqlite_autoincrement=True,
)

user_sessions = sa.Table(
    "user_sessions",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column(
        "user_id",
        sa.Integer,
        sa.ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("created", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False),
    sa.Column("expires", Moment, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
)

sign_in_failures = sa.Table(
    "sign_in_failures",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last", Moment, nullable=False, index=True),
    sa.Column("until", Moment),
)

access_log = sa.Table(
    "access_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("who", sa.Text, index=True),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
