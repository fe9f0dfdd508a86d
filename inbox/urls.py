"""Paths of the inbox."""

from django.urls import path

from inbox.views import (
    by_hand,
    conversations,
    drafts,
    files,
    notes,
    presence,
    replies,
    ruling_out,
    saved_replies,
    sections,
    topics,
    work,
)

app_name = "inbox"
urlpatterns = [
    path("<slug:workspace>/", conversations.home, name="home"),
    path("<slug:workspace>/inbox/", conversations.conversations, name="list"),
    path("<slug:workspace>/inbox/<int:number>/", conversations.thread, name="thread"),
    path("<slug:workspace>/inbox/<int:number>/news/", sections.news, name="news"),
    path("<slug:workspace>/inbox/<int:number>/draft/", drafts.save, name="draft"),
    path("<slug:workspace>/inbox/<int:number>/draft/discard/", drafts.discard, name="discard_draft"),
    path("<slug:workspace>/inbox/<int:number>/send/", replies.send, name="send"),
    path("<slug:workspace>/inbox/<int:number>/send/undo/", replies.take_back, name="take_back"),
    path("<slug:workspace>/inbox/<int:number>/notes/", notes.add, name="add_note"),
    path("<slug:workspace>/inbox/<int:number>/notes/delete/", notes.remove, name="delete_note"),
    path("<slug:workspace>/inbox/<int:number>/presence/", presence.look, name="presence"),
    path("<slug:workspace>/inbox/<int:number>/saved-replies/", saved_replies.choices, name="saved_choices"),
    path("<slug:workspace>/inbox/<int:number>/saved-replies/use/", saved_replies.use, name="use_saved"),
    path("<slug:workspace>/settings/replies/", saved_replies.all_of_them, name="saved_replies"),
    path("<slug:workspace>/settings/replies/new/", saved_replies.add, name="add_saved_reply"),
    path("<slug:workspace>/settings/replies/<int:saved_reply>/", saved_replies.change, name="saved_reply"),
    path(
        "<slug:workspace>/settings/replies/<int:saved_reply>/delete/", saved_replies.remove, name="delete_saved_reply"
    ),
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
