"""Everything that leaves the process: one channel or remedy a file."""
