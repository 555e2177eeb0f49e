"""Records off the wire: bodies of every format in, checked records and Arrow tables out.

What comes in: a request body with its content type and encoding, and the rules of its models. What
goes out: parts for the journal, one a model, and each record that was not taken with the reason.
The law: records = accepted + rejected; each value of an accepted record is in its column or in the
overflow; the same records give the same table whatever format they came in.

- `rules`: the schema of a model and what to do with records that differ.
- `bodies`: content types and encodings, decompressed within a limit.
- `shapes`: the fields of each signal, and the records of a body as columns.
- `records`: JSON, JSON lines and MessagePack to columns.
- `arrow_stream`: Arrow IPC to columns, safe to read from anybody.
- `values`, `arrays`: values and arrays in the types of columns.
- `faults`: rejections, violations and overflow of a body.
- `features`, `fields`, `checking`: records against the rules.
- `journal_form`: checked records as bytes.
- `reading`: all of the above in order: the way in.
- `columns`: journal entries to one table: the way out.
"""
