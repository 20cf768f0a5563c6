"""Twenty horses who do not exist, with their owners and trainers."""

# name, phone
OWNERS = (
    ("Hortense de Valcombe", "06 39 98 60 11"),
    ("Marguerite Oyelaran", "06 39 98 60 12"),
    ("Rurik Stjernhag", "06 39 98 60 13"),
    ("Paloma Irigoyen-Sarre", "06 39 98 60 14"),
    ("Dietlinde Hochwasen", "06 39 98 60 15"),
    ("Ceallach Ó Murthuile", "06 39 98 60 16"),
    ("Écurie Trois Rivières SARL", "01 99 00 60 17"),
    ("Ottoline Grevenmark", "06 39 98 60 18"),
)
TRAINERS = (("Valdemar Krestow", "06 39 98 61 01"), ("Joséphine Malbrouck", "06 39 98 61 02"))

# barn name, passport name, sex, breed, colour, age, weight in kg, stable, owner, trainer or None
HORSES = (
    ("Biscuit", "Bruyère de l'Aubépine", "mare", "Selle Français", "bay, white star", 11, 545, 0, 0, 0),
    ("Falkor", "Falkenstern VII", "gelding", "Hanoverian", "dark bay, two white socks behind", 14, 590, 0, 4, 0),
    ("Maple", "Maplethorpe Dancer", "mare", "Connemara pony", "grey", 9, 370, 0, 5, None),
    ("Turing", "Turn of the Ring", "gelding", "Thoroughbred", "chestnut, blaze", 7, 510, 0, 1, 1),
    ("Gudrun", "Guðrún frá Hólakoti", "mare", "Icelandic horse", "silver dapple", 16, 355, 1, 2, None),
    ("Pépin", "Pépin des Trois Rivières", "stallion", "Percheron", "black", 8, 860, 1, 6, None),
    ("Sahara", "Sahar al Nadim", "mare", "Arabian", "flea-bitten grey", 12, 430, 1, 3, 1),
    ("Quark", "Quarkonium Z", "gelding", "Zangersheide", "brown", 10, 575, 1, 6, 1),
    ("Noisette", "Noisette du Gué", "filly", "Selle Français", "chestnut", 3, 450, 0, 0, None),
    ("Olaf", "Olaf fra Vesterlund", "gelding", "Fjord horse", "dun, dorsal stripe", 13, 480, 0, 7, None),
    ("Zephyr", "Zéphyr d'Escampette", "gelding", "Lusitano", "cremello", 15, 520, 1, 3, 1),
    ("Juno", "Juno's Candle", "mare", "Irish Sport Horse", "bay", 6, 540, 0, 5, 0),
    ("Comet", "Comète de Minuit", "gelding", "Trotter", "black, snip", 9, 500, 1, 6, 1),
    ("Ludmila", "Ludmila Bjelaja", "mare", "Orlov trotter", "grey", 17, 530, 1, 2, None),
    ("Pippin", "Pippinesse of Yarrow", "mare", "Welsh cob", "palomino", 5, 410, 0, 1, None),
    ("Atlas", "Atlas van het Hoge Veld", "stallion", "KWPN", "dark brown", 8, 620, 0, 7, 0),
    ("Mistral", "Mistral de Camargolle", "gelding", "Camargue", "white grey", 19, 400, 1, 3, None),
    ("Hazel", "Hazelwood Verity", "mare", "Oldenburg", "chestnut, flaxen mane", 10, 585, 0, 4, 0),
    ("Bruno", "Brünhard vom Tannhof", "gelding", "Haflinger", "sorrel", 12, 465, 1, 7, None),
    ("Céleste", "Céleste Oriande", "mare", "Anglo-Arab", "bay", 4, 490, 0, 0, 1),
)
SIGNED_OUT = 13  # the passports of the first so many say: not for slaughter
SOLD = ("Turing", "Rosamund Eichelgrün", "06 39 98 60 19")  # in the middle of his course
FLAGS = (
    ("Falkor", "behaviour", {"text": "Kicks when his hind legs are touched: two people"}),
    ("Turing", "competition", {"text": "Eventing, national classes", "source": "his trainer"}),
    ("Quark", "competition", {"text": "Show jumping, FEI registered", "source": "his passport"}),
    ("Sahara", "allergy_class", {"value": "nsaid", "text": "Colic after phenylbutazone"}),
    ("Atlas", "behaviour", {"text": "Stallion: not beside mares"}),
)
# name, competition, body, days from today, how many days, note
COMPETITIONS = (
    ("Turing", "Three-day event, national class", "USEF", 16, 3, "His trainer rides him"),
    ("Quark", "Indoor show jumping", "FEI", 25, 2, "Entered with his owner"),
    ("Quark", "Winter finals", "FEI", 60, 3, ""),
)
