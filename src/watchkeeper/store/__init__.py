"""Where rows and profiles lie.

What comes in: a URL or an Ibis table. What goes out: Arrow batches and the results of queries.
The law: an engine's file holds the connection and what is different there, nothing of profiles
or metrics; every engine passes `watchkeeper.testing.check_engine`.

- `engines`: databases over Ibis, one a file.
"""
