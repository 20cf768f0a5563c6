"""The outbox knows persons, texts and claims; what people reply; calendar addresses."""

import datetime
import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import sessions.models.reminders


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_add_batch_of_audit"),
        ("patients", "0004_keep_moment_told"),
        ("treatment_sessions", "0009_add_rounds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                ("secret_hash", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="made"),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="taken back")),
                ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="last read")),
                ("content_hash", models.CharField(blank=True, editable=False, max_length=64)),
                ("changed_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="MessageText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reminder", "Reminder"),
                            ("offer", "Offer of a time"),
                            ("change", "Change of an appointment"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("subject", models.CharField(max_length=150, verbose_name="subject")),
                ("body", models.TextField(max_length=1500, verbose_name="text")),
            ],
        ),
        migrations.CreateModel(
            name="ReminderSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_on", models.BooleanField(default=False, verbose_name="send reminders")),
                (
                    "leads",
                    models.JSONField(default=sessions.models.reminders.default_leads, verbose_name="how long before"),
                ),
                ("night_from_time", models.TimeField(default=datetime.time(20, 0), verbose_name="quiet from")),
                ("night_until_time", models.TimeField(default=datetime.time(8, 0), verbose_name="quiet until")),
                (
                    "first_channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("text", "Text message")],
                        default="email",
                        max_length=5,
                        verbose_name="rather by",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "reminder settings",
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                ("for_time", models.DateTimeField(verbose_name="for the time")),
                (
                    "kind",
                    models.CharField(
                        choices=[("confirmed", "Confirmed"), ("other_time", "Asked for another time")],
                        max_length=10,
                        verbose_name="answer",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=300, verbose_name="in their words")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "replies",
                "ordering": ["at", "id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="reminder",
            name="reminder_once_for_a_time",
        ),
        migrations.AddField(
            model_name="reminder",
            name="claim",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="reminder",
            name="is_urgent",
            field=models.BooleanField(default=False, verbose_name="may go out at night"),
        ),
        migrations.AddField(
            model_name="reminder",
            name="lead_min",
            field=models.PositiveIntegerField(default=0, verbose_name="minutes before"),
        ),
        migrations.AddField(
            model_name="reminder",
            name="moves",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="reminder",
            name="queued_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name="reminder",
            name="requested_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="sent_to",
            field=models.CharField(blank=True, max_length=254, verbose_name="to"),
        ),
        migrations.AddField(
            model_name="reminder",
            name="text",
            field=models.TextField(blank=True, verbose_name="text"),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(fields=["clinic", "-due_at"], name="reminder_by_clinic"),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                condition=models.Q(("claim__isnull", False)), fields=["claim"], name="reminder_by_claim"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("party__isnull", False)),
                fields=("appointment", "kind", "sent_for", "lead_min", "moves", "party"),
                name="reminder_once_for_a_party",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("party__isnull", True)),
                fields=("appointment", "kind", "sent_for", "lead_min", "moves"),
                name="reminder_once_for_a_patient",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "sending"), _negated=True),
                    models.Q(("claim__isnull", False), ("claimed_at__isnull", False)),
                    _connector="OR",
                ),
                name="reminder_sending_is_claimed",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "sent"), _negated=True), ("sent_at__isnull", False), _connector="OR"
                ),
                name="reminder_sent_says_when",
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="clinic",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.clinic", verbose_name="clinic"
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="party",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="patients.party",
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="patient",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="practitioner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calendar_feeds",
                to="treatment_sessions.practitioner",
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="revoked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="messagetext",
            name="clinic",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="message_texts", to="core.clinic"
            ),
        ),
        migrations.AddField(
            model_name="remindersettings",
            name="clinic",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="reminder_settings", to="core.clinic"
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="replies", to="treatment_sessions.appointment"
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="clinic",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.clinic", verbose_name="clinic"
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="party",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.party",
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="settled_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarfeed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("party__isnull", True), ("patient__isnull", True), ("practitioner__isnull", False)),
                    models.Q(("party__isnull", False), ("patient__isnull", True), ("practitioner__isnull", True)),
                    models.Q(("party__isnull", True), ("patient__isnull", False), ("practitioner__isnull", True)),
                    _connector="OR",
                ),
                name="calendar_feed_of_one",
                violation_error_message="A calendar address belongs to one practitioner, contact or patient.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarfeed",
            constraint=models.UniqueConstraint(
                condition=models.Q(("practitioner__isnull", False), ("revoked_at__isnull", True)),
                fields=("practitioner",),
                name="calendar_feed_once_a_practitioner",
                violation_error_message="There is a calendar address already. Take it back first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarfeed",
            constraint=models.UniqueConstraint(
                condition=models.Q(("party__isnull", False), ("revoked_at__isnull", True)),
                fields=("party",),
                name="calendar_feed_once_a_party",
                violation_error_message="There is a calendar address already. Take it back first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarfeed",
            constraint=models.UniqueConstraint(
                condition=models.Q(("patient__isnull", False), ("revoked_at__isnull", True)),
                fields=("patient",),
                name="calendar_feed_once_a_patient",
                violation_error_message="There is a calendar address already. Take it back first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="messagetext",
            constraint=models.UniqueConstraint(fields=("clinic", "kind", "language"), name="message_text_once"),
        ),
        migrations.AddConstraint(
            model_name="messagetext",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["change", "offer", "reminder"])),
                name="message_text_kind_known",
                violation_error_message="Choose one of the offered values.",
            ),
        ),
        migrations.AddConstraint(
            model_name="remindersettings",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_channel__in", ["email", "text"])),
                name="reminder_settings_channel_known",
                violation_error_message="Choose one of the offered values.",
            ),
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(fields=["appointment", "for_time"], name="reply_by_visit"),
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(
                condition=models.Q(("kind", "other_time"), ("settled_at__isnull", True)),
                fields=["clinic", "at"],
                name="reply_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["confirmed", "other_time"])),
                name="reply_kind_known",
                violation_error_message="Choose one of the offered values.",
            ),
        ),
    ]
