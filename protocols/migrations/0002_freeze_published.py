"""A published protocol version, its lines, its links and its history never change; the stock ledger only grows."""

from django.db import migrations

from mesoclinic.core.freeze import Freeze, append_only, frozen_children

VERSION = "protocols_protocolversion"
PUBLISHED = "p.status = 'published'"


class Migration(migrations.Migration):
    dependencies = [("protocols", "0001_initial")]

    operations = [
        Freeze(VERSION, "UPDATE", "OLD.status = 'published'"),
        Freeze(VERSION, "DELETE", "OLD.status = 'published'"),
        *frozen_children("protocols_protocolline", VERSION, "version_id", PUBLISHED),
        *frozen_children("protocols_protocolversion_species", VERSION, "protocolversion_id", PUBLISHED),
        *frozen_children("protocols_protocolversion_indications", VERSION, "protocolversion_id", PUBLISHED),
        *append_only("protocols_historicalprotocolversion"),
        *append_only("protocols_historicalprotocolline"),
        *append_only("protocols_stockmovement"),
    ]
