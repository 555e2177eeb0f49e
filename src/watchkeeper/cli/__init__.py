"""The command line: one file a verb, each a thin call of a use case.

What comes in: arguments. What goes out: files, text on standard output, progress and errors on
standard error, and an exit code: 0 all is well, 1 a check failed, 2 it could not run, 130 stopped.
The law: nothing but Typer is imported before a command needs it.

- `main`: the program, its global flags, and what becomes of errors.
- `options`: the roles that several commands take.
- `output`: where results go; `progress`: how far it is; `settings`: the global flags.
- `report`, `check`, `track`, `profile`, `merge`, `infer`, `schema`, `metrics`: the commands.
- `serve`, `apply`, `models`, `keys`: those of the server; `place`, `remote`: which one is meant.
- `backup` (and restore), `compact`: on the folder of a server, also while it runs.
"""
