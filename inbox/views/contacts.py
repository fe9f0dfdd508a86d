"""Contacts: the list, the page of each, what is said of them there, and two that become one."""

from django import forms
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import contact_changes, contact_listing, contact_merging, contact_pages, contacts
from inbox.contact_changes import NotChanged
from inbox.contacts import ErasedContact
from inbox.forms import WrittenField
from inbox.models import Contact
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page

WORDS = 320  # as long as the longest address


class DescriptionForm(forms.Form):
    name = forms.CharField(required=False, max_length=contact_changes.NAME_LIMIT)
    note = WrittenField(required=False, max_length=contact_changes.NOTE_LIMIT)


class AddressForm(forms.Form):
    """One of three: an address to add, one to remove, one to write to."""

    add = forms.CharField(required=False, max_length=WORDS)
    remove = forms.CharField(required=False, max_length=WORDS)
    write_to = forms.CharField(required=False, max_length=WORDS)


@require_GET
@requires(Permission.READ_INBOX)
def contacts_list(request: MemberRequest) -> HttpResponse:
    by, words = request.GET.get("by", "activity"), request.GET.get("q", "")[:WORDS]
    if by not in contact_listing.ORDERS:
        raise Http404
    try:
        page = contact_listing.contacts_page(request.visit, by=by, after=request.GET.get("after", ""), words=words)
    except ValueError:
        raise Http404 from None
    return render_page(request, "inbox/contacts.html", page)


@require_GET
@requires(Permission.READ_INBOX)
def contact(request: MemberRequest, number: int) -> HttpResponse:
    """A contact; by a number that they had until they were merged, the way to it."""
    found = _contact(number)
    if found.number != number:
        return _to(request, found)
    try:
        page = contact_pages.contact_page(request.visit, found, after=request.GET.get("after", ""))
    except ValueError:
        raise Http404 from None
    return render_page(request, "inbox/contact.html", page)


@require_POST
@requires(Permission.WORK_INBOX)
def describe(request: MemberRequest, number: int) -> HttpResponse:
    """Their name, and what the team keeps in mind about them."""
    found, form = _contact(number), DescriptionForm(request.POST)
    if not form.is_valid():
        return _refused(
            request, found, NotChanged(_("This is too long, or has characters that cannot be kept.")), "note"
        )
    said = form.cleaned_data
    try:
        contact_changes.describe(contact=found, name=said["name"], note=said["note"], by=request.visit.membership)
    except NotChanged as why:
        return _refused(request, found, why, "note")
    except ErasedContact:
        raise Http404 from None
    return _to(request, found)


@require_POST
@requires(Permission.WORK_INBOX)
def address(request: MemberRequest, number: int) -> HttpResponse:
    """Add an address, remove one, or say which is written to."""
    found, form = _contact(number), AddressForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, NotChanged(_("This is not an e-mail address.")), "address")
    said, by = form.cleaned_data, request.visit.membership
    try:
        if said["remove"]:
            contact_changes.remove_address(contact=found, email_norm=said["remove"], by=by)
        elif said["write_to"]:
            contact_changes.write_to(contact=found, email_norm=said["write_to"], by=by)
        else:
            contact_changes.add_address(contact=found, email=said["add"], by=by)
    except NotChanged as why:
        return _refused(request, found, why, "address", entered=said["add"])
    except ErasedContact:
        raise Http404 from None
    return _to(request, found)


@require_POST
@requires(Permission.WORK_INBOX)
def block(request: MemberRequest, number: int) -> HttpResponse:
    """What they write goes to spam, or no longer."""
    found, act = _contact(number), contact_changes.block if _yes(request, "blocked") else contact_changes.unblock
    try:
        act(contact=found, by=request.visit.membership)
    except ErasedContact:
        raise Http404 from None
    return _to(request, found)


@require_POST
@requires(Permission.WORK_INBOX)
def pictures(request: MemberRequest, number: int) -> HttpResponse:
    """Whether the pictures that their mails fetch are shown unasked. Said beside a mail, or on their page."""
    found, always = _contact(number), _yes(request, "shown")
    try:
        contact_changes.show_pictures(contact=found, always=always, by=request.visit.membership)
    except ErasedContact:
        raise Http404 from None
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/"):
        return redirect(back)
    return _to(request, found)


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_INBOX)
def merge(request: MemberRequest, number: int) -> HttpResponse:
    """Choose the other contact, see what would move, decide what members said differently: then the two are one."""
    found = _contact(number)
    if contacts.is_erased(found):
        raise Http404
    if request.method == "GET":
        return render_page(request, "inbox/contact_merge.html", contact_pages.merge_page(request.visit, found))
    if "other" not in request.POST:
        return _found(request, found)
    typed = request.POST["other"]
    other = _contact(int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
    if other is None:
        raise BadRequest("no such contact")
    decided = {key: str(value) for key, value in request.POST.items()}
    try:
        if "sure" in request.POST:
            contact_merging.merge(into=found, other=other, decided=decided, by=request.visit.membership)
            return _to(request, found)
    except contact_merging.Undecided:
        error = _("Say of each what holds.")
        page = contact_pages.merge_page(request.visit, found, other=other, decided=decided, error=error)
        return render_page(request, "inbox/contact_merge.html", page, status=422)
    except (contact_merging.SamePerson, ErasedContact):
        return _not_found(request, found, _("Choose another contact: this one cannot be merged."))
    if other == found or contacts.is_erased(other):
        return _not_found(request, found, _("Choose another contact: this one cannot be merged."))
    return render_page(request, "inbox/contact_merge.html", contact_pages.merge_page(request.visit, found, other=other))


def _found(request: MemberRequest, contact: Contact) -> HttpResponse:
    words = request.POST.get("q", "")[:WORDS]
    ids = [pk for pk in contact_listing.found(words, most=contact_listing.FOUND) if pk != contact.pk]
    if not ids:
        return _not_found(request, contact, _("No other contact is found by this."), entered=words)
    page = contact_pages.merge_page(request.visit, contact, entered=words, found=ids)
    return render_page(request, "inbox/contact_merge.html", page)


def _not_found(request: MemberRequest, contact: Contact, error: str, *, entered: str = "") -> HttpResponse:
    page = contact_pages.merge_page(request.visit, contact, entered=entered, error=error)
    return render_page(request, "inbox/contact_merge.html", page, status=422)


def _refused(request: MemberRequest, contact: Contact, why: NotChanged, of: str, *, entered: str = "") -> HttpResponse:
    page = contact_pages.contact_page(
        request.visit, contact, error=why.sentence, of=of, entered=entered, other=why.other
    )
    return render_page(request, "inbox/contact.html", page, status=422)


def _yes(request: MemberRequest, name: str) -> bool:
    said = request.POST.get(name, "")
    if said not in ("yes", "no"):
        raise BadRequest("yes or no")
    return said == "yes"


def _to(request: MemberRequest, contact: Contact) -> HttpResponse:
    return redirect("inbox:contact", workspace=request.visit.workspace.slug, number=contact.number)


def _contact(number: int) -> Contact:
    try:
        return contacts.numbered(number)
    except Contact.DoesNotExist:
        raise Http404 from None
