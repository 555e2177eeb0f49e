"""Files that people write in YAML: every value with its place, and all that is wrong at once."""
