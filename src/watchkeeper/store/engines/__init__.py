"""Databases that run the query half of a profile, one a file.

- `base`: what they share: URLs, reading results, sampling, errors in one sentence.
- `duckdb`: a DuckDB file, or DuckDB over files and frames in this process.
- `postgres`: a PostgreSQL server.
- `opening`: a URL or an Ibis table in, its engine out.
"""
