"""Databases, lakes and clusters whose rows are profiled, one a file.

What comes in: a URL or a table of the user's. What goes out: `RemoteRows`, which the engine
profiles where they lie, or rows that come here as Arrow batches. The law: the profile is the
kernel's.

- `urls`: URLs taken apart; `secrets`: passwords from the environment and from files.
- `opening`: a URL or a table in, its rows out.
- `rows`: a table that is profiled by queries; `streamed`: one whose rows come here.
- `base`: finding tables, sampling, errors in one sentence; `watched`: time limits and Ctrl-C.
- `postgres`, `clickhouse` (`clickhouse_sql`, `clickhouse_wire`): by queries.
- `duckdb`, `delta`: by the kernel, in this process.
- `spark` (`spark_*`): by the kernel, on its executors.
- `generic`, `warehouses`: whatever Ibis reaches; `trial` says whether its queries can be believed.
"""
