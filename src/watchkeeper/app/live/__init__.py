"""The use cases of the running server: what is sent is kept, measured, and answered.

What comes in: requests, as values. What goes out: plain values that the server writes as JSON, and
files. The law: an answer to records comes after the disk; the numbers of a window are those of its
rows in a file.

- `platform`: all of it in one place, for the server; `settings`, `questions`: what it is given.
- `door`, `pairing`: records in, and the halves of payload loggers.
- `worker`: the background process; `measuring`, `folding`, `event_rows`, `thinning`: from tables to
  the statistics of hours and `minutes`; `known_ids`: the index of ids, made again; `heartbeat`: how
  it says that it lives; `memory`: what goes back to the system after a burst.
- `sinking`: ClickHouse beside the tables.
- `registry`, `applying`, `registered`, `content`, `differences`, `feature_types`, `sightings`,
  `watching`: models and their files; `keys`: who may ask.
- `references`, `referring`, `production`: what models are compared with.
- `measured`, `series`, `overview`, `spans`: hours merged to windows, and the metrics of them;
  `rows`: predictions behind a window; `series_files`, `exposition`: other forms of the same.
- `upkeep`: compaction and retention; `backups`: a copy of the folder, and the way back.
- `folder`: the stores without a server, for commands on the same machine.
- `clock`: the time.
"""
