"""The one error of the catalogue."""


class CatalogueError(ValueError):
    """A fault in a catalogue file; its text names the file, the entry and what is wrong."""
