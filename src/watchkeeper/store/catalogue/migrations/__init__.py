"""How the catalogue of each earlier release becomes that of this one, by Alembic."""
