"""The rules, one function each: it reads a `Mix` and yields findings."""
