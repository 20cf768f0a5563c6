"""What columns of other programs are called, in English and French, and the field each fills."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from protocols.headings import Headings, bare

# Fields by what they are called here and in other programs. The first words of a field are its heading in our template.
NAMES: dict[str, tuple[str | Promise, str]] = {
    "species": (_("Kind"), "kind, species, espèce, type, animal type, catégorie"),
    "name": (
        _("Name"),
        "name, nom complet, full name, patient, patient name, nom du patient, barn name, horse, cheval, "
        "nom du cheval, horse name, nom d'usage, nom usuel, nom et prénom, nom prénom, animal",
    ),
    "last_name": (_("Last name"), "last name, surname, family name, nom, nom de famille, lastname"),
    "first_name": (_("First name"), "first name, given name, prénom, prénoms, firstname, forename"),
    "registered_name": (
        _("Passport name"),
        "passport name, registered name, nom sur le passeport, nom de passeport, nom officiel, nom d'enregistrement",
    ),
    "sex": (_("Sex"), "sex, gender, sexe, genre"),
    "birth_on": (
        _("Birth date"),
        "birth date, date of birth, dob, born, birthday, birthdate, date de naissance, né le, née le, né(e) le, "
        "naissance, ddn, foaled",
    ),
    "birth_is_estimated": (_("Birth date is estimated"), "birth date is estimated, estimated, âge estimé"),
    "breed": (_("Breed"), "breed, race"),
    "colour": (_("Colour and markings"), "colour, color, robe, couleur, colour and markings, robe et marques, coat"),
    "place": (
        _("Stable or home"),
        "stable, place, yard, barn, écurie, lieu, écurie ou domicile, stable or home, pension",
    ),
    "stall_note": (_("Where to find"), "where to find, box, stall, où trouver, stall number"),
    "phone": (
        _("Phone"),
        "phone, telephone, tel, mobile, cell, téléphone, portable, mobile phone, phone number, numéro de téléphone, "
        "tél, tél portable, téléphone portable, gsm, natel",
    ),
    "email": (_("E-mail"), "email, e-mail, mail, courriel, email address, adresse e-mail, adresse email, adresse mail"),
    "address": (_("Address"), "address, adresse, street, rue, adresse postale, address 1, adresse 1"),
    "postcode": (_("Postcode"), "postcode, zip, zip code, postal code, code postal, cp"),
    "city": (_("City"), "city, town, ville, commune, localité"),
    "language": (_("Language"), "language, langue"),
    "may_call": (_("May be called"), "may be called, appels acceptés, call consent"),
    "may_email": (_("May be e-mailed"), "may be e-mailed, may be emailed, e-mails acceptés, email consent"),
    "may_text": (_("May be texted"), "may be texted, sms acceptés, sms, sms consent, text consent"),
    "note": (
        _("Note"),
        "note, notes, comment, comments, remark, remarks, remarque, remarques, commentaire, commentaires",
    ),
    "mrn": (
        _("Former file number"),
        "former file number, file number, file, file no, patient id, id, mrn, medical record number, numéro de dossier, "
        "n° dossier, n° de dossier, dossier, ancien numéro, id patient, ipp, code patient, ancien numéro de dossier",
    ),
    "national": (
        _("National health number"),
        "national health number, nss, nir, insee, ins, numéro de sécurité sociale, n° sécurité sociale, "
        "sécurité sociale, nhs number, health number, ssn, avs, n° avs, numéro national de santé",
    ),
    "microchip": (
        _("Microchip"),
        "microchip, chip, chip number, microchip number, transpondeur, puce, n° puce, numéro de puce, n° transpondeur, "
        "n° de transpondeur",
    ),
    "ueln": (_("UELN"), "ueln, n° ueln"),
    "passport": (
        _("Passport number"),
        "passport number, passport, passport no, passeport, numéro de passeport, n° passeport",
    ),
    "fei": (_("FEI id"), "fei id, fei, fei number, identifiant fei, n° fei"),
    "usef": (_("USEF number"), "usef number, usef, n° usef"),
    "registry": (_("Breed registry number"), "breed registry number, registry number, n° sire, sire, stud book number"),
    "tattoo": (_("Tattoo"), "tattoo, tatouage, n° tatouage"),
    "weight_kg": (_("Weight (kg)"), "weight, weight kg, weight (kg), poids, poids (kg), poids kg"),
    "weight_is_estimated": (_("The weight is estimated"), "weight is estimated, the weight is estimated, poids estimé"),
    "owner_name": (
        _("Owner"),
        "owner, owner name, propriétaire, nom du propriétaire, client, client name, nom du client",
    ),
    "owner_phone": (
        _("Owner's phone"),
        "owner's phone, owner phone, téléphone du propriétaire, tél propriétaire, téléphone propriétaire, client phone",
    ),
    "owner_email": (
        _("Owner's e-mail"),
        "owner's e-mail, owner email, owner's email, e-mail du propriétaire, email propriétaire, courriel du propriétaire",
    ),
    "owner_address": (
        _("Owner's address"),
        "owner's address, owner address, adresse du propriétaire, adresse propriétaire",
    ),
    "trainer_name": (_("Trainer"), "trainer, trainer name, entraîneur, coach"),
    "trainer_phone": (_("Trainer's phone"), "trainer's phone, trainer phone, téléphone de l'entraîneur"),
    "guardian_name": (
        _("Guardian"),
        "guardian, guardian name, legal guardian, représentant légal, tuteur, responsable légal, parent",
    ),
    "guardian_phone": (
        _("Guardian's phone"),
        "guardian's phone, guardian phone, téléphone du représentant légal, téléphone du tuteur",
    ),
    "referrer_name": (
        _("Referring doctor or vet"),
        "referring doctor or vet, referring doctor, referrer, gp, family doctor, médecin traitant, vétérinaire traitant, "
        "médecin adresseur, referring vet, vet, vétérinaire, médecin ou vétérinaire adresseur",
    ),
    "referrer_phone": (
        _("Referrer's phone"),
        "referrer's phone, referrer phone, téléphone du médecin traitant, téléphone de l'adresseur",
    ),
    "allergies": (_("Allergies"), "allergies, allergy, allergie, allergic to, allergique à"),
    "allergies_asked_on": (_("Allergies asked on"), "allergies asked on, allergies demandées le"),
    "alerts": (
        _("What to know"),
        "alerts, alert, alerte, alertes, warning, warnings, attention, à savoir, what to know",
    ),
}
IGNORED = "reason, faults, motif, raison, why not imported, pourquoi non importé"  # of our own list of faulty rows
WHOSE = {
    "animals": {
        *("registered_name", "breed", "colour", "stall_note", "microchip", "fei", "ueln", "usef", "registry", "tattoo"),
        *("owner_name", "owner_phone", "owner_email", "owner_address", "trainer_name", "trainer_phone"),
    },
    "people": {"national", "guardian_name", "guardian_phone", "may_call", "may_email", "may_text"},
}


HEADINGS = Headings(NAMES)
field_of, label = HEADINGS.field_of, HEADINGS.label


def is_ignored(head: str) -> bool:
    return bare(head) in {bare(name) for name in IGNORED.split(",")}


def fields_of(heads: Iterable[str]) -> list[str]:
    """The field of each column. "Nom" without "Prénom" is the whole name."""
    found = HEADINGS.fields_of(heads)
    if "last_name" in found and "first_name" not in found and "name" not in found:
        found[found.index("last_name")] = "name"
    return found
