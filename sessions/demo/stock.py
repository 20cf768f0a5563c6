"""The medicine cupboard: lots with stock, one about to expire, one running low, one that was recalled."""

from datetime import datetime, timedelta
from decimal import Decimal

from protocols.models import Substance
from protocols.services import lots, recalls

from .world import World

BOUGHT_DAYS_AGO = 400
# substance, maker, lot number, expires in days from today, mL received, low below mL
DELIVERIES = (
    ("lidocaine", "Arvensis", "LDA-2207", 12, 40, 20),
    ("lidocaine", "Arvensis", "LDA-2291", 410, 2000, 100),
    ("mepivacaine", "Norvell", "MPV 8814", 290, 300, 40),
    ("procaine", "Arvensis", "PRC-0731", 150, 200, 40),
    ("pentoxifylline", "Solenne", "PTX5502", 330, 1200, 60),
    ("vitamin-b12", "Kestrel Vet", "B12-90-417", 260, 500, 30),
    ("vitamin-c", "Solenne", "VC 3318", 48, 120, 20),
    ("ketoprofen", "Norvell", "KTP-6105", 200, 60, 20),
    ("thiocolchicoside", "Norvell", "THC-1190", 240, 25, 30),
    ("magnesium-sulfate", "Solenne", "MG-7702", 500, 150, 20),
    ("sodium-chloride", "Arvensis", "NACL-4410", 620, 5000, 200),
    ("traumeel", "Heilgrund", "TR 0992", 310, 160, 20),
    ("etamsylate", "Solenne", "ETM-3007", 180, 90, 20),
    ("hyaluronic-acid", "Perlune", "HA-1/26", 270, 60, 10),
    ("dexamethasone", "Kestrel Vet", "DXM-5120", 90, 80, 20),
)
RECALLED = ("procaine", "Arvensis", "PRC-0688", 95, 80, 20)


def fill_cupboard(world: World) -> None:
    bought_at = world.now - timedelta(days=BOUGHT_DAYS_AGO)
    for delivery in DELIVERIES:
        _receive(world, bought_at, *delivery)
    recalled = _receive(world, bought_at, *RECALLED)
    recalls.recall_lot(
        actor=world.users["manager"], lot=recalled, reason="Maker's letter: particles seen in some vials."
    )
    world.lots[RECALLED[0]].remove(recalled)


def _receive(
    world: World, at: datetime, code: str, maker: str, number: str, expires_in_days: int, volume_ml: int, low_ml: int
):
    lot = lots.receive(
        actor=world.users["manager"],
        clinic=world.clinic,
        site=world.site,
        substance=Substance.objects.get(clinic=world.clinic, code=code),
        number=number,
        manufacturer=maker,
        expires_on=world.today + timedelta(days=expires_in_days),
        volume_ml=Decimal(volume_ml),
        low_stock_ml=Decimal(low_ml),
        at=at,
    )
    world.lots.setdefault(code, []).append(lot)
    return lot
