"""The catalogue: models, versions, references and keys, in SQLite or PostgreSQL."""
