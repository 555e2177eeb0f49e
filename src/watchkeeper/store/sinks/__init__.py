"""Databases that get the rows of the event tables as well, one a file.

- `clickhouse`: follows the Delta tables into ClickHouse, each row once.
- `following`: what some versions of a table added.
- `clickhouse_database`: what is said to ClickHouse; `clickhouse_rows`: rows in the form it takes.
"""
