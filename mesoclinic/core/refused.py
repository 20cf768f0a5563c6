"""The one way a service says no."""


class Refused(Exception):
    """A rule forbids what was asked. `code` is stable and for machines, `message` is a translated sentence for people.

    `field` names the form field the message belongs to, when there is one; `details` holds what a page may offer
    instead (three other times, the findings of a mix check).
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, **details: object) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = str(message)
        self.field = field
        self.details = details

    def __str__(self) -> str:
        return self.message
