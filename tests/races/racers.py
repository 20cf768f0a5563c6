"""What the processes of a race do. Each is a process of its own with its own connection to the test's database."""

import os
import traceback
from datetime import datetime
from decimal import Decimal

import django


def race(number, barrier, results, environment, contests, way):
    """Take part in every contest, all processes at once; put (number, [outcome, …]) into `results`."""
    os.environ.clear()
    os.environ.update(environment)
    django.setup()
    outcomes = []
    try:
        attempt = ways()[way]
        for contest in contests:
            barrier.wait(60)
            outcomes.append(_outcome(attempt, contest[number]))
    except BaseException:
        outcomes.append(("broken", traceback.format_exc()))
        barrier.abort()
    results.put((number, outcomes))


def _outcome(attempt, asked):
    from mesoclinic.core.refused import Refused

    try:
        return ("won", attempt(asked).pk)
    except Refused as no:
        return ("refused", (no.code, no.message, len(no.details.get("alternatives", ()))))
    except Exception as error:
        return ("error", f"{type(error).__name__}: {error}")


def ways():
    """The ways to book: `guarded` as the product does; `careless` looks first and saves then, as many others do."""
    from django.utils import timezone

    from mesoclinic.core.localtime import local_day
    from mesoclinic.core.models import Site, User
    from patients.models import Patient, Place
    from protocols.models import Lot, Substance
    from protocols.services import lots, recalls
    from sessions.models import Appointment, Practitioner, Room, SessionRecord, WaitingEntry
    from sessions.queries.fitting import line_of_entry
    from sessions.queries.waiting import entry_or_404
    from sessions.services import appointments, lines, records, rounds
    from sessions.services.appointments import NewTime
    from sessions.services.appointments.checks import find_room
    from sessions.services.appointments.wish import Wish
    from sessions.services.waiting import wait_for_earlier_time
    from tests.races.series_ways import accept_carelessly, accept_series
    from tests.races.taking_back_ways import take_back_or_book
    from tests.races.walk_in_ways import tap_walk_in

    def objects(asked):
        practitioner = Practitioner.objects.get(pk=asked["practitioner"])
        room = Room.objects.select_related("site__clinic").get(pk=asked["room"])
        patient = Patient.objects.select_related("species").get(pk=asked["patient"])
        return practitioner, room, patient, datetime.fromisoformat(asked["starts_at"])

    def guarded(asked):
        practitioner, room, patient, starts_at = objects(asked)
        return appointments.book_appointment(
            actor=None,
            clinic=room.site.clinic,
            site=room.site,
            kind="session",
            patient=patient,
            practitioner=practitioner,
            room=room,
            starts_at=starts_at,
            minutes=asked["minutes"],
            now=datetime.fromisoformat(asked["now"]),
        )

    def careless(asked):
        practitioner, room, patient, starts_at = objects(asked)
        wish = Wish(
            actor=None,
            site=room.site,
            patient=patient,
            practitioner=practitioner,
            starts_at=starts_at,
            minutes=asked["minutes"],
            now=datetime.fromisoformat(asked["now"]),
            room=room,
            rooms=(room,),
        )
        find_room(wish)
        return Appointment.objects.create(
            clinic=room.site.clinic,
            site=room.site,
            patient=patient,
            practitioner=practitioner,
            room=room,
            starts_at=wish.starts_at,
            ends_at=wish.ends_at,
            created_at=timezone.now(),
        )

    def moving(asked):
        practitioner, room, _patient, starts_at = objects(asked)
        return appointments.move(
            actor=None,
            appointment=Appointment.objects.select_related("site__clinic", "patient").get(pk=asked["appointment"]),
            practitioner=practitioner,
            room=room,
            starts_at=starts_at,
            now=datetime.fromisoformat(asked["now"]),
        )

    def accepting(asked):
        visits = Appointment.objects.select_related("site__clinic", "patient", "practitioner", "planned_session")
        moves = [
            NewTime(
                visits.get(pk=one["visit"]),
                datetime.fromisoformat(one["starts_at"]),
                practitioner=Practitioner.objects.get(pk=one["practitioner"]),
                room=Room.objects.get(pk=one["room"]),
                seen_moves=0,
            )
            for one in asked["moves"]
        ]
        now = datetime.fromisoformat(asked["now"])
        done = appointments.rebook_visits(actor=None, moves=moves, reason="away", now=now)
        return (done.moved or done.held)[0]

    def agreeing(asked):
        visit = Appointment.objects.select_related("site__clinic", "patient").get(pk=asked["visit"])
        now = datetime.fromisoformat(asked["now"])
        return appointments.agree_to_held_time(actor=None, appointment=visit, now=now)

    def series(asked):
        visits = Appointment.objects.in_bulk(asked["visits"])
        moves = [
            appointments.NewTime(visits[key], datetime.fromisoformat(starts_at), seen_moves=seen)
            for key, starts_at, seen in zip(asked["visits"], asked["starts"], asked["seen"], strict=True)
        ]
        now = datetime.fromisoformat(asked["now"])
        return appointments.move_many(actor=None, moves=moves, reason="all together", now=now)[0]

    def signing(asked):
        record = SessionRecord.objects.get(pk=asked["record"])
        actor = User.objects.get(pk=asked["actor"])
        return records.sign_records(actor=actor, records=[record], now=datetime.fromisoformat(asked["now"]))[0]

    def whole_round(asked):
        vet = Practitioner.objects.select_related("clinic").get(pk=asked["practitioner"])
        place = Place.objects.get(pk=asked["place"])
        horses = [Patient.objects.get(pk=key) for key in asked["patients"]]
        return rounds.book_round(
            actor=None,
            clinic=vet.clinic,
            site=Site.objects.get(clinic=vet.clinic),
            place=place,
            practitioner=vet,
            starts_at=datetime.fromisoformat(asked["starts_at"]),
            stops=[rounds.Stop(horse, 20, reason="teeth") for horse in horses],
            now=datetime.fromisoformat(asked["now"]),
        )

    def change_round(asked):
        visit = Appointment.objects.select_related("round", "site__clinic", "patient").get(pk=asked["visit"])
        common = {"actor": None, "now": datetime.fromisoformat(asked["now"])}
        deeds = {
            "up": lambda: rounds.reorder_round(visit=visit, step=-1, **common),
            "down": lambda: rounds.reorder_round(visit=visit, step=1, **common),
            "close": lambda: rounds.close_gaps(round=visit.round, **common),
            "move": lambda: rounds.move_round(
                round=visit.round, starts_at=datetime.fromisoformat(asked["starts_at"]), **common
            ),
            "cancel": lambda: appointments.cancel(appointment=visit, cancelled_by="clinic", reason="snow", **common),
            "again": lambda: appointments.undo_cancel(appointment=visit, **common),
            "single": lambda: appointments.book_appointment(
                clinic=visit.site.clinic,
                site=visit.site,
                kind="other",
                patient=Patient.objects.get(pk=asked["patient"]),
                practitioner=visit.practitioner,
                starts_at=datetime.fromisoformat(asked["starts_at"]),
                minutes=20,
                **common,
            ),
        }
        deeds[asked["deed"]]()
        return visit

    def waiting_deed(asked):
        now = datetime.fromisoformat(asked["now"])
        if asked["deed"] == "wait":
            visit = Appointment.objects.select_related("site", "patient").get(pk=asked["appointment"])
            return wait_for_earlier_time(actor=None, appointment=visit, now=now)
        entry = WaitingEntry.objects.select_related("clinic").get(pk=asked["entry"])
        line = line_of_entry(entry_or_404(entry.clinic, entry.public_id), local_day(now, entry.site.zone))
        deed = {"take": lines.take_time, "offer": lines.offer_time}[asked["deed"]]
        given = deed(
            actor=None,
            line=line,
            starts_at=datetime.fromisoformat(asked["starts_at"]),
            practitioner=Practitioner.objects.get(pk=asked["practitioner"]),
            seen_moves=0,
            now=now,
        )
        return given if asked["deed"] == "take" else given[0]

    def stock_deed(asked):
        lot = Lot.objects.select_related("clinic", "substance").get(pk=asked["lot"])
        at_site = {"actor": None, "lot": lot, "site": Site.objects.get(pk=asked["site"])}
        volume_ml = Decimal(asked.get("volume_ml", 1))
        deeds = {
            "draw": lambda: lots.draw(**at_site, volume_ml=volume_ml),
            "force": lambda: lots.draw(**at_site, volume_ml=volume_ml, force_reason="given"),
            "waste": lambda: lots.waste(**at_site, volume_ml=volume_ml, reason=asked["reason"]),
            "count": lambda: lots.count(**at_site, counted_ml=volume_ml) or lot,
            "recall": lambda: recalls.recall_lot(actor=None, lot=lot, reason="letter"),
            "receive": lambda: lots.receive(
                actor=None,
                clinic=lot.clinic,
                site=at_site["site"],
                substance=Substance.objects.get(pk=asked["substance"]),
                number=lot.number,
                expires_on=lot.expires_on,
                volume_ml=volume_ml,
            ),
        }
        return deeds[asked["deed"]]()

    ways = {"stock": stock_deed}
    ways |= {
        "accept-series": accept_series,
        "accept-carelessly": accept_carelessly,
        "waiting": waiting_deed,
        "walk-in": tap_walk_in,
        "taking-back": take_back_or_book,
    }
    ways |= {"round": whole_round, "change_round": change_round, "accepting": accepting, "agreeing": agreeing}
    return ways | {
        "guarded": guarded,
        "careless": careless,
        "moving": moving,
        "signing": signing,
        "series": series,
    }
