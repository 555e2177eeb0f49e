"""The catalogue: models, versions, references and keys, in SQLite or PostgreSQL.

What comes in and goes out are plain rows; what they mean is known to `watchkeeper.app.live`. The
law: every change is one transaction that also moves the generation, so that each process that holds
a copy notices cheaply when its copy is old; all changes come one after the other.
"""
