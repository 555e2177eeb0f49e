"""Where records, rows and profiles lie.

What comes in: records that were accepted, rows, statistics, plain rows of the catalogue; a URL or
an Ibis table. What goes out: the same, asked for by position, time, id or name. The law: what was
acknowledged is on disk; a change is whole or absent, whatever ends the process; nothing is counted
twice; a file of an older release is brought up to date, one of a newer release is refused. No file
here knows what a metric is.

The way of a record:

- `journal`: acknowledged batches, until they are in a table (`journal_commit`, `journal_file`,
  `journal_records`, `journal_rows`).
- `writer`: from the journal into the tables, each entry once.
- `tables`: a Delta table for each model and signal (`table_handle`, `table_log`, `table_columns`,
  `table_names`, `table_reading`); where it lies (`table_place`): in a folder (`table_local`) or on
  object storage (`table_objects`, `object_store`).
- `upkeep`: compaction, retention and deletion.
- `ids`: the hour of each prediction's id (`id_files`).
- `buckets`: the statistics of every hour (`bucket_changes`, `bucket_file`, `bucket_lists`,
  `bucket_reading`, `bucket_times`, `bucket_types`); `bucket_minutes`: those of the last days by the
  minute; `roll_up`: those of days.
- `catalogue`: models, versions, references and keys.
- `backup`: a copy while it is in use, and the way back. `disk`: room, and sync.

- `sinks`: databases that get the rows of the tables as well, one a file.

The rows of others:

- `engines`: databases over Ibis, one a file; every engine passes
  `watchkeeper.testing.check_engine`.
"""
