from django.urls import path

from protocols.views import (
    cadences,
    competition,
    imports,
    lots,
    mix_rules,
    pairs,
    protocol_editor,
    protocols,
    substances,
    techniques,
)

app_name = "protocols"

urlpatterns = [
    # Protocols
    path("", protocols.list_protocols, name="list"),
    path("new/", protocol_editor.create, name="create"),
    path("import/", imports.upload_import, name="upload-import"),
    path("import/run/", imports.run_import, name="run-import"),
    path("import/template/", imports.import_template, name="import-template"),
    path("mix/", protocol_editor.preview_mix, name="preview-mix"),
    path("<uuid:public_id>/", protocols.show_protocol, name="detail"),
    path("<uuid:public_id>/edit/", protocol_editor.edit, name="edit"),
    path("<uuid:public_id>/publish/", protocols.publish, name="publish"),
    path("<uuid:public_id>/next-version/", protocols.next_version, name="next-version"),
    path("<uuid:public_id>/discard-draft/", protocols.discard_draft, name="discard-draft"),
    path("<uuid:public_id>/archive/", protocols.archive, name="archive"),
    # Substances
    path("substances/", substances.list_substances, name="substances"),
    path("substances/new/", substances.create_substance, name="create-substance"),
    path("substances/<uuid:public_id>/", substances.show_substance, name="substance"),
    path("substances/<uuid:public_id>/edit/", substances.edit_substance, name="edit-substance"),
    path("substances/<uuid:public_id>/archive/", substances.archive_substance, name="archive-substance"),
    # Pairs in one syringe
    path("pairs/", pairs.list_pairs, name="pairs"),
    path("pairs/new/", pairs.create_pair, name="create-pair"),
    path("pairs/<uuid:public_id>/", pairs.show_pair, name="pair"),
    path("pairs/<uuid:public_id>/edit/", pairs.edit_pair, name="edit-pair"),
    path("pairs/<uuid:public_id>/archive/", pairs.archive_pair, name="archive-pair"),
    path("pairs/<uuid:public_id>/as-shipped/", pairs.reship_pair, name="reship-pair"),
    # Rules of the mix check
    path("rules/", mix_rules.list_rules, name="rules"),
    path("techniques/new/", techniques.create_technique, name="create-technique"),
    path("techniques/<uuid:public_id>/edit/", techniques.edit_technique, name="edit-technique"),
    path("techniques/<uuid:public_id>/archive/", techniques.archive_technique, name="archive-technique"),
    path("rules/limits/<str:code>/", mix_rules.edit_limit, name="edit-limit"),
    path("rules/limits/<str:code>/as-shipped/", mix_rules.restore_limit, name="restore-limit"),
    path("rules/country/new/", mix_rules.create_country_note, name="create-country-note"),
    path("rules/<slug:about>/<slug:code>/", mix_rules.edit_rule, name="edit-rule"),
    path("rules/<slug:about>/<slug:code>/as-shipped/", mix_rules.restore_rule, name="restore-rule"),
    path("rules/<slug:about>/<slug:code>/archive/", mix_rules.archive_rule, name="archive-rule"),
    # Competition
    path("competition-rules/", competition.list_competition_rules, name="competition-rules"),
    path("competition-rules/new/", competition.create_competition_rule, name="create-competition-rule"),
    path("competition-rules/<uuid:public_id>/edit/", competition.edit_competition_rule, name="edit-competition-rule"),
    path(
        "competition-rules/<uuid:public_id>/archive/",
        competition.archive_competition_rule,
        name="archive-competition-rule",
    ),
    # Stock
    path("stock/", lots.list_stock, name="stock"),
    path("stock/receive/", lots.receive_lot, name="receive-lot"),
    path("stock/<uuid:public_id>/", lots.show_lot, name="lot"),
    path("stock/<uuid:public_id>/vials/<uuid:vial_id>/discard/", lots.discard_vial, name="discard-vial"),
    path("stock/<uuid:public_id>/<slug:deed>/", lots.change_lot, name="change-lot"),
    # Series
    path("series/rows/", cadences.cadence_rows, name="cadence-rows"),
]
