"""The HTTP server: one file a resource; each calls `app.live`.

What comes in: requests. What goes out: JSON, files, Prometheus' text, and never a 500. The law: who
may not ask is told so before anything is read; nothing grows without bound; what a client should
send again is 429 or 503, and nothing else is.

- `running`: a whole server, from the command to the end; `lock`: one of them on a folder; `worker`:
  its child process; `uvicorn_server`, `uvicorn_protocol`: the HTTP library as used here; `logs`.
- `application`: all routes over one platform; `platform`: the protocols of what they ask;
  `services`: what they share.
- `frame`, `access`, `errors`, `body`, `desk`: around every request: ids, keys, answers to what goes
  wrong, limits, threads.
- `ingest`: records in. `models`, `references`, `measures`, `keys`, `health`, `pages`: the
  rest; `reading`, `exports`: bodies and files.
- `meters`, `exposition`: what the server counts of itself, and how Prometheus reads it.
- `description`, `records`, `schemas`: the OpenAPI description.
"""
