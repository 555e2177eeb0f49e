"""Models, versions, references and keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of the first release."""
    op.create_table(
        "state",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_state"),
    )
    op.execute("INSERT INTO state (id, generation) VALUES (1, 0)")
    op.create_table(
        "models",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("task", sa.Text),
        sa.Column("prediction", sa.Text),
        sa.Column("used", sa.Boolean, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint("name", name="uq_models_name"),
        sqlite_autoincrement=True,
    )
    _of_models()
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True)),
        sa.Column("last_used", sa.DateTime(timezone=True)),
        sa.Column("revoked", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )


def _of_models() -> None:
    """What belongs to a model, and goes with it."""
    op.create_table(
        "features",
        sa.Column("model_id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "name", name="pk_features"),
        _to_models("features"),
    )
    op.create_table(
        "versions",
        sa.Column("model_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True)),
        sa.Column("last_seen", sa.DateTime(timezone=True)),
        sa.Column("by_hand", sa.Boolean, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "version", name="pk_versions"),
        _to_models("versions"),
    )
    op.create_table(
        "model_references",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("model_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("origin", sa.JSON, nullable=False),
        sa.Column("measured", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("layout", sa.Text),
        sa.Column("rows", sa.BigInteger),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_model_references"),
        _to_models("model_references"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_model_references_model_id", "model_references", ["model_id"])
    op.create_table(
        "reference_profiles",
        sa.Column("reference_id", sa.Integer, nullable=False),
        sa.Column("profile", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("reference_id", name="pk_reference_profiles"),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["model_references.id"],
            name="fk_reference_profiles_reference_id",
            ondelete="CASCADE",
        ),
    )


def _to_models(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["model_id"], ["models.id"], name=f"fk_{table}_model_id", ondelete="CASCADE"
    )
