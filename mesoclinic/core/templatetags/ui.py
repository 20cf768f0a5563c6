"""Small tags the templates share: icons, page links that keep the filters, and status looks."""

from functools import lru_cache

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mesoclinic.core import wording

register = template.Library()

# status -> (tone, icon): colour never stands alone, each status also has its own shape.
STATUS_LOOKS: dict[str, tuple[str, str]] = {
    # lots
    "suspected": ("warn", "exclamation-triangle-fill"),
    # appointments
    "offered": ("wait", "hourglass-split"),
    "booked": ("plan", "calendar-check"),
    "arrived": ("now", "door-open"),
    "in_progress": ("now", "play-circle-fill"),
    "fulfilled": ("good", "check-circle-fill"),
    "not_treated": ("warn", "slash-circle"),
    "cancelled": ("off", "x-circle-fill"),
    "no_show": ("bad", "person-x"),
    "moving": ("wait", "arrow-left-right"),
    "entered_in_error": ("off", "trash"),
    # planned sessions
    "planned": ("wait", "circle"),
    "due": ("plan", "bell"),
    "late": ("warn", "exclamation-triangle-fill"),
    "overdue": ("bad", "exclamation-octagon-fill"),
    "held": ("wait", "lock-fill"),
    "skipped": ("off", "skip-forward-circle"),
    # courses, protocols, records, lots
    "draft": ("wait", "pencil"),
    "active": ("now", "play-circle-fill"),
    "paused": ("warn", "pause-circle-fill"),
    "completed": ("good", "check-circle-fill"),
    "stopped": ("off", "stop-circle-fill"),
    "done": ("good", "check-circle-fill"),
    "signed": ("good", "patch-check-fill"),
    "withdrawn": ("bad", "slash-circle"),
    "published": ("good", "check-circle-fill"),
    "retired": ("off", "stop-circle-fill"),
    "expired": ("bad", "exclamation-octagon-fill"),
    "recalled": ("bad", "exclamation-octagon-fill"),
    # jobs and reminders
    "queued": ("wait", "hourglass-split"),
    "running": ("now", "arrow-repeat"),
    "sent": ("good", "check-circle-fill"),
    "failed": ("bad", "exclamation-octagon-fill"),
    # imports
    "checking": ("now", "arrow-repeat"),
    "ready": ("wait", "circle"),
    "refused": ("bad", "exclamation-octagon-fill"),
    "importing": ("now", "arrow-repeat"),
    "undoing": ("now", "arrow-repeat"),
    "new": ("good", "plus-lg"),
    "next": ("now", "arrow-repeat"),
    "here": ("off", "circle"),
    "faulty": ("bad", "exclamation-octagon-fill"),
}
# What a browser says of itself -> its name, and the system's; the first that is found counts.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrom": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPad": "iPad",
    "iPhone": "iPhone",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}
UNKNOWN_LOOK = ("wait", "circle")

# message level or alert level -> icon
LEVEL_ICONS = {
    "success": "check-circle-fill",
    "info": "info-circle-fill",
    "warning": "exclamation-triangle-fill",
    "danger": "exclamation-octagon-fill",
    "debug": "info-circle-fill",
    "error": "exclamation-octagon-fill",
}


@register.simple_tag
def wrong_marks(field: BoundField) -> SafeString:
    """Mark a button that a template draws by hand as wrong, and lead from it to what is said beside its field."""
    if not field.errors:
        return SafeString("")
    return format_html(' class="is-invalid" aria-invalid="true" aria-describedby="{}"', field.aria_describedby)


@register.simple_tag
def icon(name: str, label: str = "", classes: str = "") -> SafeString:
    """Draw an icon of the sprite; give `label` only when the icon stands alone and must be read out."""
    if label:
        picture = '<svg class="icon {}" role="img" aria-label="{}"><use href="{}"></use></svg>'
        return format_html(picture, classes, label, _icon_address(name))
    return _silent_icon(name, classes)


@lru_cache(maxsize=1024, typed=True)
def _silent_icon(name: str, classes: str) -> SafeString:
    """Draw an icon that stands beside its words: a page shows dozens of the same few."""
    picture = '<svg class="icon {}" aria-hidden="true"><use href="{}"></use></svg>'
    return format_html(picture, classes, _icon_address(name))


def _icon_address(name: str) -> str:
    return f"{static('vendor/icons/icons.svg')}#{name}"


@register.filter
def status_tone(status: object) -> str:
    """Return the tone (`good`, `now`, `plan`, `wait`, `warn`, `bad`, `off`) of a status."""
    return STATUS_LOOKS.get(str(status), UNKNOWN_LOOK)[0]


@register.filter
def status_icon(status: object) -> str:
    """Return the icon of a status."""
    return STATUS_LOOKS.get(str(status), UNKNOWN_LOOK)[1]


@register.filter
def level_icon(level: object) -> str:
    """Return the icon of an alert level."""
    return LEVEL_ICONS.get(str(level), "info-circle-fill")


@register.filter
def level_class(tags: object) -> str:
    """Return Bootstrap's word for the tags of a message."""
    last = str(tags).split()[-1] if str(tags).strip() else "info"
    return {"error": "danger", "debug": "secondary"}.get(last, last)


@register.filter
def initials(name: str) -> str:
    """Return the first letters of a name, without its titles."""
    return wording.initials(name)


@register.filter
def device_name(user_agent: str) -> str:
    """Name a device by what its browser says of itself: "Chrome, Windows"; else the first words of that."""
    known = (next((name for sign, name in names.items() if sign in user_agent), "") for names in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, known)) or user_agent[:40]
