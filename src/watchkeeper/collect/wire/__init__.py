"""Records off the wire: bodies of every format in, checked records and Arrow batches out."""
