"""`manage.py deliver_mail --recipient acme@in.example.com < mail`: for the pipe of one's own mail server.

It ends with the status by which mail servers know what to do (sysexits.h): 0, the mail is kept; 67, there is no such
workspace, or it is closed; 65, it is no mail; 75, try again later, which is said of everything unforeseen.
"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inbox.email import doorstep
from inbox.email.doorstep import Handed, UnknownRecipient
from inbox.email.inbound import ClosedWorkspace
from inbox.email.parsing import MAIL_LIMIT, BadMail
from inbox.models import RawMail

NOT_A_MAIL, NO_SUCH_WORKSPACE, TRY_AGAIN = 65, 67, 75


class Command(BaseCommand):
    help = "Take a mail in from standard input, for the workspace that its envelope names."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--recipient", required=True, help="the address of the envelope, for instance acme@in.example.com"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        status = _deliver(options["recipient"])
        if status:
            sys.exit(status)


def _deliver(recipient: str) -> int:
    """How it ended, as a number of sysexits.h. The reason goes where the server keeps what it was told."""
    try:
        raw = sys.stdin.buffer.read(MAIL_LIMIT + 1)
        if not raw.strip():
            raise BadMail("it is empty")
        doorstep.hand_in(Handed(raw, RawMail.Source.DOOR, recipient))
    except UnknownRecipient:
        print("no workspace takes mail in at this address", file=sys.stderr)
        return NO_SUCH_WORKSPACE
    except ClosedWorkspace:
        print("this workspace is closed", file=sys.stderr)
        return NO_SUCH_WORKSPACE
    except BadMail as refusal:
        print(f"the mail is refused: {refusal.reason}", file=sys.stderr)
        return NOT_A_MAIL
    except (
        Exception
    ) as error:  # The mail server keeps the mail; a traceback would end with a status that has it sent back.
        print(f"not now ({type(error).__name__})", file=sys.stderr)
        return TRY_AGAIN
    return 0
