"""The import command: what it prints, how it exits, and that it may be run again."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from inbox.email import files
from inbox.management.commands import import_mail
from inbox.models import Conversation, Message
from tenants.models import Tenant
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.email import hostile

pytestmark = pytest.mark.django_db
SEPARATOR = b"From mia@example.com Sun Nov 22 02:35:35 2026\n"
MAILS = Path(__file__).parent.parent / "email" / "mails"


def mail(name: str, *, sender: str = "mia@example.com", parent: str = "") -> bytes:
    reply = f"In-Reply-To: <{parent}@m.example>\n" if parent else ""
    return f"From: {sender}\nTo: support@shop.example\nSubject: {name}\nMessage-ID: <{name}@m.example>\n{reply}\nText of {name}\n".encode()


def box(tmp_path: Path, *mails: bytes, name: str = "box.mbox") -> Path:
    path = tmp_path / name
    path.write_bytes(b"".join(SEPARATOR + raw + b"\n" for raw in mails))
    return path


def run(*files: Path, workspace: str = "acme") -> tuple[int, str, str]:
    """Exit status, output, errors."""
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command("import_mail", *map(str, files), workspace=workspace, stdout=out, stderr=err, no_color=True)
    except SystemExit as leaving:
        status = int(str(leaving.code))
    return status, out.getvalue(), err.getvalue()


def everything(cast: Cast) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of the inbox, and the counters."""
    with tenant_context(cast.acme.pk), connection.cursor() as cursor:
        tables = {}
        for model in [*apps.get_app_config("inbox").get_models(), apps.get_model("tenants", "Counter")]:
            cursor.execute(f"SELECT xmin::text, * FROM {model._meta.db_table} ORDER BY id")
            tables[model._meta.db_table] = cursor.fetchall()
        return tables


def test_a_mailbox_is_imported_and_counted(cast: Cast, tmp_path: Path) -> None:
    status, out, err = run(
        box(tmp_path, mail("one"), mail("two", parent="one"), mail("three", sender="sam@example.com"))
    )
    assert (status, err) == (0, "")
    assert out.strip() == "3 imported, 0 already there, 0 refused"
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.count() == 2


def test_a_second_import_changes_not_one_row(cast: Cast, tmp_path: Path) -> None:
    files = [box(tmp_path, mail("one"), mail("two", parent="one")), *sorted(MAILS.glob("*.eml"))]
    run(*files)
    before = everything(cast)
    status, out, _ = run(*files)
    assert status == 0
    assert out.strip() == f"0 imported, {len(files) + 1} already there, 0 refused"
    assert everything(cast) == before  # xmin too: no row was even rewritten.
    assert len(before["inbox_message"]) == len(files) + 1


def test_bad_mail_is_named_by_number_and_its_neighbours_are_imported(cast: Cast, tmp_path: Path) -> None:
    bad = [b"Subject: nobody\n\nx\n", hostile.nested_multiparts(1_000), hostile.nested_mails(1_000)]
    status, out, err = run(box(tmp_path, mail("one"), bad[0], mail("two"), bad[1], mail("three"), bad[2], mail("four")))
    assert status == 1
    assert out.strip() == "4 imported, 0 already there, 3 refused"
    assert err.splitlines() == [
        "mail 2: it does not say whom it is from",
        "mail 4: it has more than 100 nested parts",
        "mail 6: it has more than 100 nested parts",
    ]


@pytest.mark.parametrize("name", hostile.TAKEN)
def test_what_parsing_takes_in_the_database_takes_too(cast: Cast, tmp_path: Path, name: str) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(hostile.TAKEN[name]())
    status, _, err = run(path)
    assert (status, err) == (0, "")


def test_twenty_megabytes_are_imported_with_their_neighbours(cast: Cast, tmp_path: Path) -> None:
    body = b"QUJD" * 19 + b"\n"
    large = (
        b"From: mia@example.com\nContent-Type: application/zip; name=big.zip\nContent-Transfer-Encoding: base64\n\n"
        + body * 272_000
    )
    status, out, err = run(box(tmp_path, mail("one"), large, mail("two")))
    assert (status, err) == (0, "")
    assert out.strip() == "3 imported, 0 already there, 0 refused"


def test_several_files_are_told_apart_in_what_is_reported(cast: Cast, tmp_path: Path) -> None:
    good, bad = box(tmp_path, mail("one")), box(tmp_path, b"Subject: nobody\n\nx\n", name="bad.mbox")
    status, out, err = run(good, bad, tmp_path / "missing.mbox")
    assert status == 1
    assert out.strip() == "1 imported, 0 already there, 1 refused"
    assert err.splitlines() == [
        f"{bad}: mail 1: it does not say whom it is from",
        f"{tmp_path / 'missing.mbox'}: no such file or directory",
    ]


def test_nothing_to_read_is_its_own_status(cast: Cast, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mbox"
    empty.touch()
    assert run(empty)[0] == 2
    assert run(tmp_path)[0] == 2
    assert run(box(tmp_path, b"Subject: nobody\n\nx\n"))[0] == 2


@pytest.mark.parametrize("workspace", ["unknown", "", "ACME' OR 1=1"])
def test_an_unknown_workspace_is_said_to_be_none(cast: Cast, tmp_path: Path, workspace: str) -> None:
    with pytest.raises(CommandError, match="no workspace") as refusal:
        run(box(tmp_path, mail("one")), workspace=workspace)
    assert refusal.value.returncode == 2


def close(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(closed_at=timezone.now())


def test_a_closed_workspace_takes_no_mail_in(cast: Cast, tmp_path: Path) -> None:
    close(cast)
    before = everything(cast)
    with pytest.raises(CommandError, match="“acme” is closed") as refusal:
        run(box(tmp_path, mail("one"), b"Subject: nobody\n\nx\n"))
    assert refusal.value.returncode == 3
    assert everything(cast) == before


def test_an_import_that_meets_the_closing_half_way_ends_there_and_says_how_far_it_came(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (files.FoundMail(number, mail(f"n{number}")) for number in (1, 2, 3))

    def closed_after_the_first(path: Path) -> Iterator[files.FoundMail]:
        yield first
        close(cast)
        yield from (second, third)

    monkeypatch.setattr(import_mail, "mails_in", closed_after_the_first)
    with pytest.raises(CommandError, match="1 mails were imported before") as refusal:
        run(tmp_path)
    assert refusal.value.returncode == 3
    with tenant_context(cast.acme.pk):
        assert Message.objects.count() == 1


def test_the_workspace_next_door_sees_nothing_of_it(cast: Cast, tmp_path: Path) -> None:
    run(box(tmp_path, mail("one")))
    with tenant_context(cast.next_door.pk):
        assert Message.objects.count() == 0


def test_progress_is_shown_while_many_are_imported(cast: Cast, tmp_path: Path) -> None:
    _, out, _ = run(box(tmp_path, *(mail(f"m{n}") for n in range(101))))
    assert out.splitlines()[0] == "100 mails ..."
