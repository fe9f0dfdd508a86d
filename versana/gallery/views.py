"""The gallery's pages: which template shows which example."""

from collections.abc import Callable
from dataclasses import replace

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods

from inbox.views.files import FRAME_POLICY
from tenants.context_processors import Frame
from versana.gallery import (
    audit,
    contacts,
    conversations,
    home,
    lists,
    mail_in,
    matching,
    orders,
    people,
    privacy,
    saved,
    search,
    settings,
    stores,
)
from versana.gallery import (
    mail as mails,
)
from versana.help import pages as help_pages

Page = tuple[str, object]


class SignInForm(forms.Form):
    """What allauth's own form shows."""

    login = forms.EmailField(label="E-mail")
    password = forms.CharField(widget=forms.PasswordInput)
    remember = forms.BooleanField(label="Stay signed in", required=False)


def frame(nav: str, theme: str) -> Frame:
    here = "/_gallery/"
    return Frame(
        workspace_name="Harbor & Pine",
        workspace_initials="HP",
        home_url=f"{here}home/",
        inbox_url=f"{here}inbox/",
        reports_url=f"{here}reports/",
        notices_url=f"{here}notices/",
        bell_url=f"{here}bell/",
        settings_url=f"{here}general/",
        person_name="Ava Brandt",
        person_initials="AB",
        person_email="ava@harborpine.example",
        role_word="Owner",
        logout_url=here,
        nav=nav,
        workspaces=(("Harbor & Pine", here, True), ("Cove Wholesale", here, False)),
        theme=theme,
        contacts_url=f"{here}contacts/",
    )


# name -> (template, what builds the page object, the rail's selected entry or "" for a page without a rail)
PAGES: dict[str, tuple[str, Callable[[], object], str]] = {
    "inbox": ("inbox/inbox.html", lambda: conversations.inbox(conversations.thread()), "inbox"),
    "list": ("inbox/inbox.html", lambda: conversations.inbox(None), "inbox"),
    "list-narrowed": ("inbox/inbox.html", lists.narrowed_list, "inbox"),
    "list-asleep": ("inbox/inbox.html", lists.sleeping_list, "inbox"),
    "list-refused": ("inbox/inbox.html", lists.refused_list, "inbox"),
    "list-nothing": ("inbox/inbox.html", lists.nothing_matches, "inbox"),
    "inbox-empty": ("inbox/inbox.html", conversations.empty_inbox, "inbox"),
    "inbox-asleep": ("inbox/inbox.html", conversations.asleep, "inbox"),
    "inbox-closed": ("inbox/inbox.html", conversations.read_only, "inbox"),
    "inbox-stale": ("inbox/inbox.html", lambda: conversations.inbox(conversations.stale_thread()), "inbox"),
    "inbox-draft": ("inbox/inbox.html", lambda: conversations.with_reply(conversations.kept_reply()), "inbox"),
    "inbox-older-draft": ("inbox/inbox.html", lambda: conversations.with_reply(conversations.older_reply()), "inbox"),
    "inbox-long-draft": ("inbox/inbox.html", lambda: conversations.with_reply(conversations.too_long_reply()), "inbox"),
    "inbox-note": ("inbox/inbox.html", lambda: conversations.with_composer(conversations.noting()), "inbox"),
    "inbox-addressed": ("inbox/inbox.html", lambda: conversations.with_composer(conversations.addressed()), "inbox"),
    "inbox-undo": ("inbox/inbox.html", lambda: conversations.with_composer(conversations.undoable()), "inbox"),
    "inbox-unset": ("inbox/inbox.html", lambda: conversations.with_composer(conversations.unset()), "inbox"),
    "inbox-overtaken": ("inbox/inbox.html", lambda: conversations.with_composer(conversations.overtaken()), "inbox"),
    "saved-replies": ("inbox/saved_replies.html", saved.page, "settings"),
    "saved-replies-none": ("inbox/saved_replies.html", saved.empty, "settings"),
    "saved-reply": ("inbox/saved_reply.html", saved.form, "settings"),
    "saved-reply-refused": ("inbox/saved_reply.html", saved.refused, "settings"),
    "saved-choices": ("inbox/saved_choices_page.html", saved.choices, "inbox"),
    "inbox-hostile": ("inbox/inbox.html", lambda: conversations.inbox(conversations.hostile_thread()), "inbox"),
    "inbox-no-stores": (
        "inbox/inbox.html",
        lambda: conversations.inbox(
            conversations.thread(
                sections=(),
                no_stores_text="No store is connected to this workspace yet.",
                connect_url="/_gallery/general/",
                address="",
            )
        ),
        "inbox",
    ),
    "home": ("inbox/home.html", home.home, "home"),
    "home-trouble": ("inbox/home.html", home.home_in_trouble, "home"),
    "home-agent": ("inbox/home.html", home.home_of_an_agent, "home"),
    "home-empty": ("inbox/home.html", home.home_empty, "home"),
    "notices": ("inbox/notices.html", home.notices, "notices"),
    "notices-none": ("inbox/notices.html", home.no_notices, "notices"),
    "notice-rules": ("inbox/notice_rules.html", home.notice_rules, "notices"),
    "notice-rules-errors": (
        "inbox/notice_rules.html",
        lambda: home.notice_rules({"quiet_from": "7", "quiet_until": "7"}),
        "notices",
    ),
    "reports": ("inbox/reports.html", home.reports, "reports"),
    "reports-week": ("inbox/reports.html", lambda: home.reports(days=7, by="assignee"), "reports"),
    "reports-quarter": ("inbox/reports.html", lambda: home.reports(days=90, by="store"), "reports"),
    "reports-none": ("inbox/reports.html", home.no_reports, "reports"),
    "reports-errors": ("inbox/reports.html", home.reports_asked_wrongly, "reports"),
    "inbox-pictures": ("inbox/inbox.html", lambda: conversations.inbox(conversations.pictures_thread()), "inbox"),
    "contacts": ("inbox/contacts.html", contacts.listed, "contacts"),
    "contacts-none": ("inbox/contacts.html", contacts.nobody_yet, "contacts"),
    "contacts-not-found": ("inbox/contacts.html", contacts.nobody_found, "contacts"),
    "contact": ("inbox/contact.html", contacts.contact, "contacts"),
    "contact-blocked": ("inbox/contact.html", contacts.blocked, "contacts"),
    "contact-errors": ("inbox/contact.html", contacts.refused, "contacts"),
    "contact-erased": ("inbox/contact.html", contacts.erased, "contacts"),
    "contact-hostile": ("inbox/contact.html", contacts.hostile, "contacts"),
    "contact-merge": ("inbox/contact_merge.html", contacts.choose_contact, "contacts"),
    "contact-merge-none": ("inbox/contact_merge.html", contacts.no_contact, "contacts"),
    "contact-merge-decide": ("inbox/contact_merge.html", contacts.decide, "contacts"),
    "merge": ("inbox/merge.html", contacts.merge, "inbox"),
    "merge-sure": ("inbox/merge.html", contacts.merge_sure, "inbox"),
    "split": ("inbox/split.html", contacts.split, "inbox"),
    "print": ("inbox/print.html", contacts.printed, ""),
    "file-expired": ("inbox/file_expired.html", contacts.expired, "inbox"),
    "search": ("inbox/search.html", search.hits, "inbox"),
    "search-narrowed": ("inbox/search.html", search.narrowed, "inbox"),
    "search-asks": ("inbox/search.html", search.asked_nothing, "inbox"),
    "search-none": ("inbox/search.html", search.nothing_found, "inbox"),
    "search-none-yet": ("inbox/search.html", search.none_left_yet, "inbox"),
    "search-too-long": ("inbox/search.html", search.too_long, "inbox"),
    "search-hostile": ("inbox/search.html", search.hostile, "inbox"),
    "sections": ("gallery/sections.html", stores.states, "inbox"),
    "orders": ("gallery/sections.html", orders.states, "inbox"),
    "order-page": ("shopify/order_page.html", lambda: orders.lines_detail(orders.returned()), "inbox"),
    "matching": ("gallery/sections.html", matching.states, "inbox"),
    "found": ("shopify/found_page.html", matching.found, "inbox"),
    "found-nothing": ("shopify/found_page.html", matching.nothing_found, "inbox"),
    "found-refused": ("shopify/found_page.html", matching.refused, "inbox"),
    "components": ("gallery/components.html", lambda: stores.BADGES, "inbox"),
    "general": (
        "tenants/general.html",
        lambda: settings.general(may_edit=True, panel_url="/_gallery/panel/"),
        "settings",
    ),
    "general-loading": (
        "tenants/general.html",
        lambda: settings.general(may_edit=False, panel_url="/_gallery/never/"),
        "settings",
    ),
    "general-errors": (
        "tenants/general.html",
        lambda: settings.general(may_edit=True, panel_url="/_gallery/panel-none/", data={}),
        "settings",
    ),
    "cards": ("shopify/panel_page.html", settings.every_card, "settings"),
    "cards-agent": ("shopify/panel_page.html", settings.agents_cards, "settings"),
    "listing": ("shopify/panel_page.html", settings.listing_panel, "settings"),
    "apps": ("shopify/apps.html", settings.apps, "settings"),
    "apps-errors": ("shopify/apps.html", lambda: settings.apps({"name": "x", "client_secret": "y"}), "settings"),
    "app": ("shopify/app.html", settings.app, "settings"),
    "app-unreadable": ("shopify/app.html", lambda: settings.app(stores=(), readable=False), "settings"),
    "claim": ("shopify/claim.html", settings.claim_choices, ""),
    "claim-none": ("shopify/claim.html", settings.claim, ""),
    "not-signed": ("shopify/failure.html", settings.not_signed, ""),
    "disconnect-uninstalled": (
        "shopify/disconnect.html",
        lambda: replace(settings.disconnect(), uninstalled=True),
        "settings",
    ),
    "panel-page": ("shopify/panel_page.html", settings.refused_panel, "settings"),
    "panel-agent": ("shopify/panel_page.html", settings.agents_panel, "settings"),
    "panel-empty-agent": (
        "shopify/panel_page.html",
        lambda: settings.panel(may_connect=False, sentence_for_others="Only owners connect stores."),
        "settings",
    ),
    "panel-production": (
        "shopify/panel_page.html",
        lambda: settings.panel(settings.broken(), domain_entry=False),
        "settings",
    ),
    "disconnect": (
        "shopify/disconnect.html",
        lambda: settings.disconnect("This is not the domain of the store."),
        "settings",
    ),
    "permissions": ("shopify/permissions.html", settings.permissions, "settings"),
    "failure": ("shopify/failure.html", settings.failure, ""),
    "mail-identity": ("inbox/mail.html", mails.identity, "settings"),
    "mail-none": ("inbox/mail.html", lambda: mails.identity(set_up=False, changed_at=None, troubled=0), "settings"),
    "mail-no-address": (
        "inbox/mail.html",
        lambda: mails.identity(addresses=(), set_up=False, changed_at=None, may_edit=False),
        "settings",
    ),
    "mail-errors": (
        "inbox/mail.html",
        lambda: mails.identity(data={"from_email": "a@elsewhere.example", "reply_to": "nobody", "undo_seconds": "61"}),
        "settings",
    ),
    "mail-queue": ("inbox/mail_queue.html", mails.queue, "settings"),
    "mail-queue-empty": ("inbox/mail_queue.html", mails.empty_queue, "settings"),
    "audit": ("tenants/audit.html", audit.log, "settings"),
    "audit-hostile": ("tenants/audit.html", audit.hostile, "settings"),
    "audit-none": ("tenants/audit.html", audit.nothing_found, "settings"),
    "audit-errors": ("tenants/audit.html", audit.asked_wrongly, "settings"),
    "audit-behind": ("tenants/audit.html", audit.behind, "settings"),
    "mail-in": ("inbox/mail_in.html", mail_in.page, "settings"),
    "mail-in-empty": ("inbox/mail_in.html", mail_in.empty, "settings"),
    "mail-in-trying": ("inbox/mail_in.html", mail_in.trying, "settings"),
    "mail-in-errors": ("inbox/mail_in.html", mail_in.entered_wrongly, "settings"),
    "members": ("tenants/members.html", people.members, "settings"),
    "members-alone": ("tenants/members.html", people.alone, "settings"),
    "members-offered": ("tenants/members.html", people.offered, "settings"),
    "members-asked": ("tenants/members.html", people.asked_to_take, "settings"),
    "members-agent": ("tenants/members.html", people.of_an_agent, "settings"),
    "members-errors": ("tenants/members.html", people.refused, "settings"),
    "members-hostile": ("tenants/members.html", people.hostile, "settings"),
    "farewell": ("tenants/farewell.html", people.farewell, "settings"),
    "farewell-own": ("tenants/farewell.html", lambda: people.farewell(name=""), "settings"),
    "offered": ("tenants/offered.html", people.offer_to_answer, "settings"),
    "invitation": ("tenants/invitation.html", people.to_join, ""),
    "invitation-known": ("tenants/invitation.html", lambda: people.invitation("sign-in"), ""),
    "invitation-accept": ("tenants/invitation.html", lambda: people.invitation("accept"), ""),
    "invitation-wrong": ("tenants/invitation.html", people.for_somebody_else, ""),
    "invitation-expired": ("tenants/invitation.html", lambda: people.invitation("expired"), ""),
    "invitation-revoked": ("tenants/invitation.html", lambda: people.invitation("revoked"), ""),
    "data": ("tenants/data.html", people.exports, "settings"),
    "data-full": ("tenants/data.html", people.full_exports, "settings"),
    "data-none": ("tenants/data.html", people.data, "settings"),
    "data-closed": ("tenants/data.html", lambda: people.data(erase_after=people.later(30)), "settings"),
    "closed": ("tenants/closed.html", people.closed, ""),
    "closed-over": ("tenants/closed.html", lambda: people.closed(over=True), ""),
    "privacy": ("shopify/privacy.html", privacy.requests, "settings"),
    "privacy-none": ("shopify/privacy.html", privacy.privacy, "settings"),
    "privacy-near": ("shopify/privacy.html", privacy.near, "settings"),
    "privacy-errors": ("shopify/privacy.html", privacy.refused, "settings"),
    "privacy-administrator": ("shopify/privacy.html", privacy.of_an_administrator, "settings"),
    "privacy-kept": ("shopify/privacy_kept.html", privacy.kept, "settings"),
    "erase": ("shopify/erase.html", privacy.erase, "settings"),
    "erase-unknown": (
        "shopify/erase.html",
        lambda: privacy.erase(known=False, others=(), error="This is not the same address."),
        "settings",
    ),
    "help": ("help/index.html", lambda: help_pages.index(None), "help"),
    "help-overview": ("help/shopify-overview.html", lambda: help_pages.page("shopify-overview", None), "help"),
    "help-connect": ("help/connect-a-store.html", lambda: help_pages.page("connect-a-store", None), "help"),
    "help-signed-out": (
        "help/permissions-and-scopes.html",
        lambda: help_pages.page("permissions-and-scopes", None),
        "",
    ),
    "choose": (
        "tenants/choose.html",
        lambda: settings.choose("Harbor & Pine", "Cove Wholesale"),
        "",
    ),
    "choose-none": ("tenants/choose.html", lambda: settings.choose(), ""),
    "not-found": ("404.html", lambda: None, ""),
    "forbidden": ("403.html", lambda: None, ""),
    "bad-request": ("400.html", lambda: None, ""),
    "too-large": ("413.html", lambda: None, ""),
    "server-error": ("500.html", lambda: None, ""),
}

# Answers to what the pages above ask for by htmx.
PARTS: dict[str, tuple[str, Callable[[], object]]] = {
    "panel": ("shopify/panel.html", settings.owners_panel),
    "panel-none": ("shopify/panel.html", settings.panel),
    "section": ("shopify/section.html", stores.full_section),
    "order-lines": ("shopify/order_detail.html", orders.lines_detail),
    "order-detail": ("shopify/order_detail.html", stores.first_detail),
    "reply-state": ("inbox/_reply_state.html", conversations.kept_reply),
}


def _theme(request: HttpRequest) -> str:
    theme = request.GET.get("theme") or request.COOKIES.get("theme", "")
    return theme if theme in ("light", "dark") else "system"


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "gallery/index.html", {"page": tuple(PAGES), "theme": _theme(request)})


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, name: str, order: str = "") -> HttpResponse:
    """One page or part by name; every order (`order`) shows the same. POST as well, so that the forms in it can be pressed."""
    theme = _theme(request)
    if name in PARTS:
        template, build = PARTS[name]
        return render(request, template, {"page": build(), "theme": theme, "frame": None})
    if name not in PAGES:
        raise Http404(name)
    template, build, nav = PAGES[name]
    return render(request, template, {"page": build(), "theme": theme, "frame": frame(nav, theme) if nav else None})


@require_GET
def thread(request: HttpRequest, number: int) -> HttpResponse:
    """What a click on a row swaps in; by address, the whole page."""
    opened = conversations.thread(subject=lists.rows()[number % len(lists.rows())].subject, number=1042 - number)
    part = "#thread" if request.headers.get("HX-Target") == "conversation" else ""
    theme = _theme(request)
    return render(
        request,
        f"inbox/inbox.html{part}",
        {"page": conversations.inbox(opened), "theme": theme, "frame": frame("inbox", theme)},
    )


@require_GET
def sign_in(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "account/login.html",
        {"form": SignInForm(), "theme": _theme(request), "frame": None, "nobody_yet": False},
    )


@require_GET
@xframe_options_sameorigin
def mail(request: HttpRequest) -> HttpResponse:
    """A message's HTML in its frame, under the inbox's own policy."""
    lines = "<p>Another line.</p>" * 12
    response = HttpResponse(f"<!doctype html><title>Mail</title><p>The mugs came <b>yesterday</b>.</p>{lines}")
    response.headers["Content-Security-Policy"] = FRAME_POLICY.format(pictures="")
    return response


@require_GET
def words(_request: HttpRequest) -> HttpResponse:
    """What the filter over the orders searches."""
    return JsonResponse(
        {order.legacy_id: f"{order.name} wool throw enamel mug 1z999aa10123456784" for order in stores.many_orders()}
    )


@require_GET
def bell(_request: HttpRequest) -> JsonResponse:
    """How many notices are unread."""
    return JsonResponse({"unread": 2, "shown": "2", "label": "2 unread", "said": ""})


@require_GET
def never(request: HttpRequest) -> HttpResponse:
    """The answer that does not come: htmx leaves the skeleton where it is."""
    return HttpResponse(status=204)
