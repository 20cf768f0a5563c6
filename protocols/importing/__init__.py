"""Read a table of protocols: one row for each line of a mix, and what a protocol has once in its first row."""
