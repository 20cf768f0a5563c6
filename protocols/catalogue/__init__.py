"""The shipped catalogue: reviewable TOML files with a source for every number, and the pure reader of them."""
