"""Paths of the inbox."""

from django.urls import path

from inbox.views import (
    by_hand,
    conversations,
    drafts,
    files,
    home,
    lists,
    mail,
    mail_doors,
    mail_in,
    notices,
    reports,
    ruling_out,
    sections,
    topics,
    tracking,
    work,
)

app_name = "inbox"
urlpatterns = [
    path("mail/in/", mail_doors.raw, name="mail_door"),
    path("mail/in/<slug:provider>/", mail_doors.provider, name="mail_provider"),
    path("mail/in/<slug:provider>/mime/", mail_doors.provider, {"mime": True}, name="mail_provider_mime"),
    path("mail/tracking/", tracking.receive, name="mail_tracking"),
    path("<slug:workspace>/", home.home, name="home"),
    path("<slug:workspace>/reports/", reports.reports, name="reports"),
    path("<slug:workspace>/reports/export/", reports.export, name="reports_export"),
    path("<slug:workspace>/notices/", notices.listed, name="notices"),
    path("<slug:workspace>/notices/bell/", notices.bell, name="bell"),
    path("<slug:workspace>/notices/read/", notices.read, name="notices_read"),
    path("<slug:workspace>/notices/settings/", notices.rules, name="notice_rules"),
    path("<slug:workspace>/settings/mail/", mail.mail, name="mail"),
    path("<slug:workspace>/settings/mail/queue/", mail.queue, name="mail_queue"),
    path("<slug:workspace>/settings/mail/queue/<int:outgoingmail>/settle/", mail.settle, name="mail_settle"),
    path("<slug:workspace>/settings/mail/queue/<int:outgoingmail>/retry/", mail.retry, name="mail_retry"),
    path("<slug:workspace>/settings/mail-in/", mail_in.mail_in, name="mail_in"),
    path(
        "<slug:workspace>/settings/mail-in/mailboxes/<int:number>/remove/",
        mail_in.mailbox_remove,
        name="mailbox_remove",
    ),
    path(
        "<slug:workspace>/settings/mail-in/mailboxes/<int:number>/check/", mail_in.mailbox_check, name="mailbox_check"
    ),
    path("<slug:workspace>/settings/mail-in/refused/<int:number>/", mail_in.refused_mail, name="refused_mail"),
    path(
        "<slug:workspace>/settings/mail-in/refused/<int:number>/again/",
        mail_in.refused_mail_again,
        name="refused_mail_again",
    ),
    path(
        "<slug:workspace>/settings/mail-in/refused/<int:number>/delete/",
        mail_in.refused_mail_delete,
        name="refused_mail_delete",
    ),
    path("<slug:workspace>/inbox/", conversations.conversations, name="list"),
    path("<slug:workspace>/inbox/live/", lists.live, name="live"),
    path("<slug:workspace>/inbox/bulk/", lists.do, name="bulk"),
    path("<slug:workspace>/inbox/bulk/undo/", lists.undo, name="bulk_undo"),
    path("<slug:workspace>/inbox/views/", lists.keep, name="keep_view"),
    path("<slug:workspace>/inbox/views/<int:number>/rename/", lists.rename, name="rename_view"),
    path("<slug:workspace>/inbox/views/<int:number>/delete/", lists.delete, name="delete_view"),
    path("<slug:workspace>/inbox/<int:number>/", conversations.thread, name="thread"),
    path("<slug:workspace>/inbox/<int:number>/news/", sections.news, name="news"),
    path("<slug:workspace>/inbox/<int:number>/draft/", drafts.save, name="draft"),
    path("<slug:workspace>/inbox/<int:number>/draft/discard/", drafts.discard, name="discard_draft"),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/", sections.section, name="section"),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/words/", sections.words, name="words"),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/orders/<str:order>/", sections.order, name="order"),
    path(
        "<slug:workspace>/inbox/<int:number>/stores/<int:store>/orders/<str:order>/lines/", sections.lines, name="lines"
    ),
    path("<slug:workspace>/inbox/<int:number>/topics/", topics.topics, name="topics"),
    path("<slug:workspace>/inbox/<int:number>/assign/", work.assign, name="assign"),
    path("<slug:workspace>/inbox/<int:number>/state/", work.state, name="state"),
    path("<slug:workspace>/inbox/<int:number>/priority/", work.priority, name="priority"),
    path("<slug:workspace>/inbox/<int:number>/tag/", work.tag, name="tag"),
    path("<slug:workspace>/inbox/<int:number>/untag/", work.untag, name="untag"),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/link/", by_hand.link, name="link"),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/unlink/", by_hand.unlink, name="unlink"),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/search/", by_hand.search, name="search"),
    path(
        "<slug:workspace>/inbox/<int:number>/stores/<int:store>/orders/<str:order>/confirm/",
        by_hand.confirm,
        name="confirm",
    ),
    path(
        "<slug:workspace>/inbox/<int:number>/stores/<int:store>/orders/<str:order>/withdraw/",
        by_hand.withdraw,
        name="withdraw",
    ),
    path("<slug:workspace>/inbox/<int:number>/stores/<int:store>/none/", ruling_out.none_of, name="none_of"),
    path(
        "<slug:workspace>/inbox/<int:number>/stores/<int:store>/reconsider/", ruling_out.reconsider, name="reconsider"
    ),
    path(
        "<slug:workspace>/inbox/<int:number>/stores/<int:store>/orders/<str:order>/not-theirs/",
        ruling_out.not_theirs,
        name="not_theirs",
    ),
    path(
        "<slug:workspace>/inbox/<int:number>/stores/<int:store>/orders/<str:order>/reconsider/",
        ruling_out.reconsider_order,
        name="reconsider_order",
    ),
    path("<slug:workspace>/inbox/<int:number>/messages/<int:position>/html/", files.message_html, name="message_html"),
    path(
        "<slug:workspace>/inbox/<int:number>/messages/<int:position>/files/<int:file>/",
        files.attachment,
        name="attachment",
    ),
]
