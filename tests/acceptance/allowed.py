"""What stays in a place of one process by design, with the reason. An entry that is not needed any more fails the sweep.

Two kinds of the issue's list are not there because the product has none: an export is fetched by its number and the session,
and a handover is confirmed by the session of who takes it; neither has a link that is a right by itself.
"""

from collections.abc import Iterable

LINKS = ("invitation token", "password-reset key", "address-confirmation key")  # those that are sent by mail
FRAMES = ("error: tracker that packs local variables", "error: text with local variables")
NAMED_BY_DJANGO = ("log at DEBUG", "log at DEBUG, fields")
STATEMENTS = ("log of statements", "log of statements, fields")
SESSIONS = ("rows: sessions, opened", "rows: sessions, as stored", "dump: sessions")


def _each(kinds: Iterable[str], sinks: Iterable[str], reason: str) -> dict[tuple[str, str], str]:
    return {(kind, sink): reason for kind in kinds for sink in sinks}


ALLOWED: dict[tuple[str, str], str] = {
    **_each(
        ("OAuth code", "state", "first-run token", "invitation token", "password-reset key", "password", "mistyped password",
         "recovery code tried while a place fails"),
        FRAMES,
        "What a browser brings is in the frames of who reads it: the request, the form. The product has no tracker that packs "
        "local variables, and formats no error like that; one that is added must leave them out.",
    ),
    **_each(
        ("first-run token", *LINKS), NAMED_BY_DJANGO,
        "Django names the path of what it refuses. Our handlers remove it: see `log as an installation writes it`.",
    ),
    **_each(
        ("mail door's secret", "provider's secret"), FRAMES,
        "The caller's own header, which is in the request and so in the frames of who reads it; as with a browser's above.",
    ),
    **_each(
        ("OAuth code", "state", "link to a file"), ("log at DEBUG, fields",),
        "Django hands the request to its log records; no handler of ours writes it.",
    ),
    **_each(
        (*LINKS, "session key", "TOTP secret", "TOTP secret not confirmed"), STATEMENTS,
        "Mails wait as rows, sessions are found by their key and hold a set-up that is under way; an installation does not log "
        "its statements.",
    ),
    **_each(LINKS, ("rows: queued mails", "mails sent"), "The mail itself; its row is deleted when it has been handed over."),
    ("first-run token", "console of the first run"): "Where it is told: who reads the console opens the first workspace.",
    ("session key", "cookies set"): "The browser's own cookie.",
    ("session key", "dump: sessions"): "Django finds sessions by their key. docs/operations.md says what a dump can open.",
    ("CSRF cookie", "cookies set"): "The browser's own cookie.",
    ("link to a file", "pages, signed in"): "The page that has the file: for that member, and for five minutes.",
    ("CSRF token in a form", "pages, anonymous"): "The form that it protects.",
    ("invitation token", "pages, anonymous"): "The page of the link: its form and its way through sign-in lead back to it.",
    ("recovery code tried while a place fails", "pages, anonymous"): "A refused form shows again what was typed into it.",
    ("unused recovery code", "pages, signed in"): "The page that shows a person's own codes, after they have proven who they are.",
    **_each(
        ("TOTP secret", "TOTP secret not confirmed"), ("pages, signed in",), "The page that shows it to be typed into an app."
    ),
    **_each(
        ("TOTP secret not confirmed",), SESSIONS,
        "Nobody's factor yet: it waits in the session for its first code, and leaves it then (`TOTP secret` is not there).",
    ),
    **_each(
        ("password-reset key",), (*SESSIONS, "rows: sessions during a reset"),
        "allauth keeps it in the session while the form is open, so that it is in no address; a changed password ends it.",
    ),
}  # fmt: skip
