"""Page objects of the inbox: the thread and its messages. Frozen; `pages.py` builds them."""

from dataclasses import dataclass
from datetime import datetime

from inbox.sent import SentState
from integrations.shopify.sections import Section


@dataclass(frozen=True, slots=True)
class Person:
    """A face: `initials` on a ground whose hue (0 to 5) follows from the id. Colleagues are squares, contacts round."""

    name: str
    initials: str
    hue: int
    colleague: bool = False


@dataclass(frozen=True, slots=True)
class AttachmentChip:
    name: str
    size: str
    url: str
    preview_url: str = ""  # of a picture that may be shown in the page
    warning: str = ""


@dataclass(frozen=True, slots=True)
class PicturesBar:
    """Of a mail that has its reader fetch pictures. `always_url`: where it is said whether this contact's are always shown."""

    shown: bool
    show_url: str
    always_url: str
    back_url: str


@dataclass(frozen=True, slots=True)
class MessageCard:
    """One message. `kind` is "received" or "sent"; older ones of a long thread are folded to one line."""

    anchor: str
    kind: str
    person: Person
    address: str
    to: str
    at: datetime
    text: str
    quoted: str  # history, folded; empty when there is none
    html_url: str  # the sanitised original in its frame, or empty
    attachments: tuple[AttachmentChip, ...]
    folded: bool
    snippet: str
    state: SentState | None = None  # how far it is, of one that was written here
    disowned: bool = False  # the domain that it says it is from says that it is not
    pictures: PicturesBar | None = None


@dataclass(frozen=True, slots=True)
class NoteCard:
    """A word among colleagues, between the messages."""

    anchor: str
    person: Person
    at: datetime
    text: str
    delete_url: str = ""  # for whoever may delete it
    number: int = 0  # by which it is deleted
    kind: str = "note"


@dataclass(frozen=True, slots=True)
class EventLine:
    """What was done to the conversation, as one sentence."""

    anchor: str
    at: datetime
    text: str
    kind: str = "event"


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a menu. `hint`: what it means now, as the time behind "tomorrow"."""

    value: str
    label: str
    hint: str = ""
    current: bool = False
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class TagChip:
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class ThreadTools:
    """What else can be done with a conversation, each on a page of its own; empty where it cannot."""

    print_url: str
    contact_url: str
    merge_url: str = ""
    split_url: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What can be done to a conversation, and how it stands. Without `assign_url` and the others, for who may only read."""

    state: str
    state_label: str
    tone: str  # of the badge
    shape: str
    until: datetime | None  # it sleeps until then
    assignee: Person | None
    priority_label: str  # empty for the usual one
    tags: tuple[TagChip, ...]
    assign_url: str = ""
    state_url: str = ""
    priority_url: str = ""
    tag_url: str = ""
    untag_url: str = ""
    members: tuple[Option, ...] = ()
    snoozes: tuple[Option, ...] = ()
    priorities: tuple[Option, ...] = ()
    known_tags: tuple[str, ...] = ()
    tools: ThreadTools | None = None
    error: str = ""  # why what was just asked was not done
    events: tuple[EventLine, ...] = ()  # what was just done, for an open page


@dataclass(frozen=True, slots=True)
class TopicChip:
    """`title`: how sure the rules are, or who said so and when."""

    topic: str
    name: str
    title: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class TopicChoice:
    topic: str
    name: str
    title: str  # who took it away and when, or empty


@dataclass(frozen=True, slots=True)
class TopicBar:
    url: str  # where it is corrected; empty for those who may not
    chips: tuple[TopicChip, ...] = ()
    choices: tuple[TopicChoice, ...] = ()  # what may be added
    changed: bool = False


@dataclass(frozen=True, slots=True)
class NewerMessage:
    """What somebody wrote while an answer to what was before was being written."""

    name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ReplyBox:
    """Where an answer (`kind` "reply") or a note is written. `text` is what the writer began; it stands in no other member's box.

    At most one of these is set: `saved_at` (the text is kept since then), `error` (it is not, or not sent, and why), `newer_at`
    (another window kept another text then, and this one is not kept), `thrown_away` (in another window; here it still stands),
    `newer` (others wrote meanwhile: nothing was sent).
    """

    url: str
    discard_url: str
    thread_url: str
    label: str  # "Reply to Maya Lindqvist"
    text: str
    base: str  # which kept text this one goes on from
    saved_at: datetime | None
    max_length: int
    kind: str = "reply"
    error: str = ""
    newer_at: datetime | None = None
    thrown_away: bool = False
    newer: tuple[NewerMessage, ...] = ()
    newest: int = 0  # the last of `newer`
    send_url: str = ""  # empty where nothing can be sent
    writer: int = 0  # the member whose text it is


@dataclass(frozen=True, slots=True)
class Addressees:
    """To, Cc and Bcc of an answer, each as one line; `sentence` is all of it. `all_cc`: everybody else on the mail."""

    to: str
    cc: str
    bcc: str
    sentence: str
    all_to: str = ""
    all_cc: str = ""
    all_url: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """An answer that can still be taken back, for so many seconds."""

    url: str
    message: int
    seconds: int
    to: str


@dataclass(frozen=True, slots=True)
class Composer:
    """What stands under a thread: an answer, a note, and what both need. `writing`: which of them is open."""

    reply: ReplyBox
    note: ReplyBox
    writing: str
    reply_url: str
    note_url: str
    presence_url: str
    addressees: Addressees
    key: str  # drawn for this form: what is sent from it is sent once
    seen: int  # the newest message that its reader saw
    saved_url: str
    saved_page_url: str
    refused: str = ""  # why nothing can be sent from here
    refused_url: str = ""  # where that is changed, for who may
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class SavedChoice:
    """A saved reply as it stands in this conversation; without a text, why not."""

    number: int
    name: str
    text: str
    why_not: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class SavedPicker:
    thread_url: str
    use_url: str
    manage_url: str
    choices: tuple[SavedChoice, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    number: int
    url: str
    back_url: str
    subject: str
    person: Person
    address: str  # the contact's main address, or empty
    more_addresses: int
    conversations: int  # of this contact
    messages: tuple[MessageCard, ...]
    sections: tuple[Section, ...]
    no_stores_text: str  # shown when the workspace has no connected store
    connect_url: str  # for an owner, when there is no store
    news_url: str = ""  # says which sections of the open page are no longer what is stored; empty: there are none
    seen: str = ""  # what is handed to it at first
    topics: TopicBar | None = None
    composer: Composer | None = None
    work: Work | None = None
    entries: tuple[MessageCard | NoteCard | EventLine, ...] = ()  # the messages, and what stands between them


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """A whole conversation on paper: every message with all of its text."""

    number: int
    subject: str
    person: Person
    addresses: tuple[str, ...]
    messages: tuple[MessageCard, ...]
    workspace: str
    back_url: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """What changes in an open thread when something was sent, taken back or noted."""

    entries: tuple[MessageCard | NoteCard | EventLine, ...]
    work: Work | None
    composer: Composer | None
    said: str = ""  # a word for whoever pressed
    failed: bool = False  # and it is not what they wished for
