"""What runbooks do to the world: one remedy a file, each with a dry run and a bounded outcome."""
