"""The URLs of the rights matrix that answer with no page to look at, and why: none is left out in silence."""


def _of(app: str, names: str) -> set[str]:
    return {f"{app}:{name}" for name in names.split()}


NO_PAGES: dict[str, set[str]] = {
    "405": {  # takes a POST only
        *_of("core", "ask-passkey deactivate-user reactivate-user reset-password switch-site"),
        *_of(
            "patients",
            """
            cancel-import reopen run-import tell-files-apart tell-row-apart undo-merge undo-tell-files-apart
            undo-tell-row-apart
            """,
        ),
        *_of(
            "protocols",
            """
            archive archive-competition-rule archive-pair archive-rule archive-substance archive-technique
            cadence-rows change-lot discard-draft discard-vial next-version preview-mix publish reship-pair
            restore-limit restore-rule run-import
            """,
        ),
        *_of(
            "sessions",
            """
            accept-new-times accept-offer arrive back begin-recall cancel-batch change-kind close-gaps done end-sign-in
            export-patient follow-up hand-over-courses leaflet-preview leave-out-of-round make-my-feed
            make-patient-feed no-show note-call offer-time open-holiday recall-notice record-call record-check
            record-compose record-discard record-done record-late record-review record-round-call record-save
            record-undo-done records-sign remove-absence remove-closure remove-competition reorder-round
            resume-course retry-batch retry-message revoke-my-feed revoke-patient-feed round-times settle-reply
            start start-round-records take-back-recall take-time together-times unblock-days undo undo-cancel
            undo-done undo-no-show undo-not-treated undo-start unskip-session withdraw-waiting
            """,
        ),
    },
    "a file": {
        *_of("patients", "import-ends import-faults import-template read-scan"),
        *_of("protocols", "import-template"),
        *_of(
            "sessions",
            """
            consent-form consent-paper course-leaflet course-report-pdf day-list-pdf handed-out-pdf overview-pdf
            patient-access-log-pdf patient-leaflet print-erasure protocol-leaflet record-label round-sheet
            """,
        ),
    },
    "a part of a page": {  # looked at in its page
        *_of("patients", "duplicates find-parties import-state search"),
        *_of("sessions", "batch-state course-progress likely-known"),
    },
    "302": {  # leads on: there is nothing to show yet, or one thing only
        *_of("sessions", "batch-file course-card patient-card recall-letters recall-list"),
    },
    "data": {
        *_of("sessions", "calendar-feed"),
    },
}
WHY_NO_PAGE = {name: why for why, names in NO_PAGES.items() for name in names}
