"""A bad catalogue file is refused with its name, its entry and what is wrong."""

import shutil

import pytest

from protocols.catalogue.errors import CatalogueError
from protocols.catalogue.files import FOLDER, read_catalogue

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "substances/anaesthetics.toml",
            'brands = ["Xylocaine"]',
            'brand = ["Xylocaine"]',
            'substances/anaesthetics.toml, substance "lidocaine": unknown key "brand"',
        ),
        (
            "substances/anaesthetics.toml",
            'code = "procaine"',
            'code = "lidocaine"',
            'substances/anaesthetics.toml, substance "lidocaine": the code is used twice, '
            "first in substances/anaesthetics.toml",
        ),
        (
            "substances/anaesthetics.toml",
            'amount = "4.5"',
            "amount = 4.5",
            'substances/anaesthetics.toml, substance "lidocaine", ceilings 1: '
            '"amount" must be a number written as text, such as "0.5", found 4.5',
        ),
        (
            "substances/anaesthetics.toml",
            'amount = "4.5"',
            'amount = "4,5"',
            'substances/anaesthetics.toml, substance "lidocaine", ceilings 1: "amount" is not a number: \'4,5\'',
        ),
        (
            "substances/anaesthetics.toml",
            'species = "human", sources = ["S134"], note = "Without epinephrine, generally',
            'species = "human", sources = [], note = "Without epinephrine, generally',
            'substances/anaesthetics.toml, substance "lidocaine", ceilings 2: no source is named',
        ),
        (
            "substances/enzymes.toml",
            'categories = ["proteolytic-enzyme"]',
            'categories = ["enzyme"]',
            'substances/enzymes.toml, substance "hyaluronidase": "categories" names "enzyme", '
            "which is not in categories",
        ),
        (
            "substances/enzymes.toml",
            'kind = "pharmaceutical"',
            'kind = "drug"',
            'substances/enzymes.toml, substance "hyaluronidase": "kind" must be one of '
            'homeopathic, mineral, pharmaceutical, plant, vitamin; found "drug"',
        ),
        (
            "substances/enzymes.toml",
            'name = "Collagenase"\n',
            "",
            'substances/enzymes.toml, substance "collagenase": "name" is missing',
        ),
        (
            "protocols/human_pain.toml",
            'cadence = "5x3d"',
            'cadence = "5x3x"',
            'protocols/human_pain.toml, protocol "acute-low-back-pain-5": '
            'cadence, character 4: expected a unit (d, w or mo), found "x"',
        ),
        (
            "protocols/human_pain.toml",
            'sources = ["S57"]',
            'sources = ["S9999"]',
            'protocols/human_pain.toml, protocol "acute-low-back-pain-5": source "S9999" is not in sources.toml',
        ),
        (
            "protocols/human_pain.toml",
            'substance = "ketoprofen", volume_ml = "1"',
            'substance = "buflomedil", volume_ml = "1"',
            'protocols/human_pain.toml, protocol "acute-low-back-pain-5", lines 2: '
            '"buflomedil" is withdrawn and cannot be planned',
        ),
        (
            "substances/others.toml",
            'no_strength = "A carrier without an active substance."\n',
            "",
            'substances/others.toml, substance "water-for-injection": "no_strength" says why none is the default',
        ),
        (
            "protocols/human_pain.toml",
            'strength = "20", volume_ml = "1"',
            'strength = "30", volume_ml = "1"',
            'protocols/human_pain.toml, protocol "acute-low-back-pain-5", lines 1: "lidocaine" has no strength 30',
        ),
        (
            "incompatibilities.toml",
            'second = ["lidocaine"]\nverdict = "compatible"',
            'second = ["trimecaine"]\nverdict = "compatible"',
            'incompatibilities.toml, incompatibility "dexamethasone-lidocaine": the pair with "trimecaine" is also in '
            'incompatibilities.toml, incompatibility "dexamethasone-crystals"',
        ),
        ("techniques.toml", "[[device]]", "[[tool]]", 'techniques.toml: unknown table "tool"; '),
        ("scores.toml", "minimum = 0", "minimum = ", "scores.toml: not valid TOML: "),
        (
            "techniques.toml",
            'depth_max_mm = "4"',
            'depth_max_mm = "0.05"',
            'techniques.toml, technique "nappage": "depth_min_mm" is above "depth_max_mm"',
        ),
    ],
)
def test_a_fault_in_a_file_is_named_with_file_and_entry(tmp_path, file, old, new, message):
    folder = tmp_path / "catalogue"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = folder / file
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    with pytest.raises(CatalogueError) as error:
        read_catalogue(folder)

    assert str(error.value).startswith(message)


def test_a_missing_file_is_named(tmp_path):
    folder = tmp_path / "catalogue"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "scores.toml").unlink()

    with pytest.raises(CatalogueError, match=r"^scores\.toml: the file is missing$"):
        read_catalogue(folder)
