"""The use cases, one function each, and the wiring of the stages.

Every surface (library, CLI, server) calls these; only this package knows all stages.

- `sources`: whatever a user points at, as a source or a profile.
- `model_file`, `infer`: the model file, and a model from data.
- `profiling`: a source in, a profile out.
- `compare`, `track`: two sets of rows, or one over time, in; the report document out.
- `document`, `shape`, `summary`: the parts of that document.
- `live`: the use cases of the running server.
"""
