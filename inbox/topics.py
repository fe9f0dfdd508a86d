"""What a text is about: eight topics, several at once, by rules over English words. Pure, standard library alone.

The rules decide what is shown beside a conversation, and an agent corrects them with one click. A confidence says which
kind of rule spoke: 0.9 a wish or a question put in words, 0.7 a word that is nearly always about it, 0.5 a hint.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum

TEXT_LIMIT = 20_000
SURE, LIKELY, HINT = 0.9, 0.7, 0.5


class Topic(StrEnum):
    ORDER_STATUS = "order_status"
    CANCEL = "cancel"
    RETURN_EXCHANGE = "return_exchange"
    REFUND = "refund"
    ADDRESS_CHANGE = "address_change"
    ORDER_CHANGE = "order_change"
    PRODUCT_QUESTION = "product_question"
    OTHER = "other"


ORDER_TOPICS = frozenset(Topic) - {Topic.PRODUCT_QUESTION, Topic.OTHER}

_ASK = (
    r"(?:can|could|would|may|might|will) (?:you|i|we)|(?:want|wanted|like|need|needs|wish|hope|hoping|try|trying|possible|able|ready|happy|prefer) (?:to|for)"
    r"|how (?:do|can|could|to)|is there (?:a|any) way|please|help me|go ahead and|let's|proceed with|i'd like|assist"
)
_WISH = r"(?:want|need|like|expect|demand|have|request) (?:a|an|my|the)"
_THING = r"(?:orders?|purchases?|parcels?|packages?|shipments?|deliver(?:y|ies)|items?|things?|stuff|boxe?s?)"
_CHANGE = r"(?:chang(?:e|ed|ing)|modify(?:ing)?|updat(?:e|ing)|edit|adjust|switch|alter|amend|replac(?:e|ing))"
_PART = r"(?:sizes?|colou?rs?|quantit(?:y|ies)|variants?|versions?|materials?|payment methods?|style|items?|orders?)"

# A rule is a pattern within one sentence. "…" stands for up to eighty characters of it.
_RULES: tuple[tuple[Topic, float, str], ...] = (
    (Topic.CANCEL, SURE, rf"(?:{_ASK})…\bcancel\b|\bcancel(?:l?ing)? (?:my|the|this|that|it|them|both|all|an|our|just|order|#)"),
    (Topic.CANCEL, LIKELY, r"\bcancel(?:l?ed|l?ing|lation|lations|s)?\b"),
    (Topic.CANCEL, HINT, r"\border(?:ed)? (?:it |this |them )?(?:twice|by (?:mistake|accident)|accidentally)\b|\bchanged my mind\b|\bno longer (?:need|want)"),
    (Topic.RETURN_EXCHANGE, SURE, rf"(?:{_ASK}|{_WISH})…\b(?:return|exchange|swap|replacement|replaced)\b(?! (?:rate|my call|your call|to work))|\bsen[dt]\b…\bback\b|\breturn(?:ing)? (?:it|them|this|that|the|my|a|an|one|all|both|everything)\b"),
    (Topic.RETURN_EXCHANGE, LIKELY, r"\b(?:returns?|returned|returning|exchang(?:e|es|ed|ing)|rma)\b(?! (?:rates?|my call))"),
    (Topic.RETURN_EXCHANGE, LIKELY, r"\b(?:damaged|broken|defective|faulty|crushed|cracked|torn|scratched)\b|\bwrong (?:item|size|colou?r|product|one)\b|\b(?:does not|doesn't|don't|do not) (?:fit|work)\b|\btoo (?:narrow|small|big|tight|large|short|wide)\b"),
    (Topic.REFUND, SURE, rf"(?:{_ASK}|{_WISH}|where|when|still|process|issue|receive|get)…\b(?:refund|money back|reimburse\w*)\b|\brefund\b…\b(?:not|yet|never|hasn't)\b|\brefund (?:me|it|the|to|please|through|for|my)\b|\brefunded to\b"),
    (Topic.REFUND, LIKELY, r"\brefund(?:s|ed|ing)?\b|\bmoney back\b|\breimburse\w*\b|\bcharge ?back\b|\bcharged (?:me )?twice\b|\bgetting back\b"),
    (Topic.ADDRESS_CHANGE, SURE, rf"\b(?:{_CHANGE}|correct)\b…\b(?:address|addresses)\b|\b(?:address|addresses)\b…\b(?:chang(?:e|ed)|wrong|incorrect|misspel\w+|typo|outdated|updated?|default)\b|\b(?:wrong|incorrect|new|different|another|old) (?:(?:shipping|delivery|postal|street|home) )?address\b"),
    (Topic.ADDRESS_CHANGE, SURE, r"\b(?:ship|send|deliver)\b…\b(?:to (?:a|my) (?:new|different|another)|somewhere else|another place)\b|\bit should say\b…\b(?:street|straße|strasse|road|avenue|lane)?|\bpick-?up point\b"),
    (Topic.ADDRESS_CHANGE, LIKELY, r"\b(?:i|we)(?:'ve| have)? (?:just |recently )?moved\b|\bto (?:the|my) … address\b"),
    (Topic.ORDER_CHANGE, SURE, rf"\b{_CHANGE}\b…\b{_PART}\b|\bchanges?\b… to (?:my|the|an|our)\b|\b(?:add|remove)\b…\b(?:to|from)\b…\border\b|\b(?:switch|change|modify)\b…\b(?:to|instead)\b|\bsplit the payment\b"),
    (Topic.ORDER_CHANGE, LIKELY, rf"\b{_CHANGE} (?:it|them|that|this|these|those|all|my(?! mind)|the|an?)\b|\bstill (?:time|possible) to\b|\bput (?:it|them|a)\b…\bin the box\b|\bon a card and put\b"),
    (Topic.ORDER_CHANGE, HINT, r"\bwith that change\b|\bmake the change\b"),
    (Topic.ORDER_STATUS, SURE, rf"\bwhere(?:'s| is| are)\b…\b(?:{_THING}|it|they)\b|\btrack(?:ing)?\b…\b(?:{_THING}|numbers?|info\w*|links?|pages?|details)\b|\bwhen\b…\b(?:arrives?|ships?|leaves?|come|here|delivered|dispatched|shipped|sent)\b|\b(?:has|have|had|did|does|do|is|was)(?: not|n't)\b…\b(?:arrived?|received?|shipped|come|delivered|moved|left|turned up)\b|\bnever (?:arrived|received|came)\b"),
    (Topic.ORDER_STATUS, SURE, r"\b(?:order|delivery|shipping|shipment) status\b|\bstatus of (?:my|the|our)\b|\bin transit\b|\bmarked as delivered\b|\b(?:estimated|expected) (?:delivery|arrival)\b|\bwill it be here\b|\b(?:went|gone|goes) back to (?:you|the sender)\b"),
    (Topic.ORDER_STATUS, LIKELY, rf"\b(?:information|info|details|update|news)\b (?:about|on|for|of)\b…\border\b|\bhow much (?:i|did i|have i)\b…\border\b|\bstill waiting\b|\bdelayed\b|\bhas it (?:arrived|shipped|left)\b|\b{_THING} (?:is|are|was) (?:late|lost|missing|stuck)\b|\bsend #? ?\w+ again\b|\bwhere(?:'s| is| are) (?:the|my|our)\b"),
    (Topic.ORDER_STATUS, HINT, r"\b(?:parcels?|courier|ups|fedex|dhl|usps|royal mail)\b|\bissue with (?:a|my|the) (?:delivery|order)\b"),
    (Topic.PRODUCT_QUESTION, SURE, r"\b(?:do|does|did|is|are|will|can|could) (?:you|it|they|this|these|the|your)\b…\b(?:in stock|available|waterproof|water-resistant|come in|fit|compatible|made (?:of|from|in)|safe|vegan|sell|carry|washable|machine wash)\b|\bdo you (?:ship|deliver|offer|have any|make)\b|\bhow many\b…\b(?:options|colou?rs|sizes|available|stock)\b|\b(?:are there|there are) any\b…\bavailable\b"),
    (Topic.PRODUCT_QUESTION, SURE, r"\b(?:what|how much)(?:'s| is| are| does| do| would)\b…\b(?:price|cost|costs)\b|\bwhat (?:colou?rs|sizes|materials|[0-9]+-inch|kind of|would)\b…\b(?:have|cost|available)\b|\bknow (?:what )?the price\b|\b(?:tell me|know|about|what)\b…\b(?:price|battery life)\b|\bwondering if it (?:has|is|does|can)\b|\bbefore i (?:order|buy|put)\b|\bback in stock\b"),
    (Topic.PRODUCT_QUESTION, LIKELY, r"\b(?:warranty|dimensions|ingredients|allergens|instructions for use|storage capacity|size guide|size chart)\b|\bis the \w+ (?:on|of|in)\b…\b(?:safe|real|genuine)\b"),
)  # fmt: skip
_COMPILED = tuple(
    (topic, confidence, re.compile(pattern.replace("…", r"[^.?!\n]{0,80}?"))) for topic, confidence, pattern in _RULES
)
# What only sounds like it.
_MISLEADING = re.compile(
    r"\be-?mail address(?:es)?\b|\bprice difference\b|\bexchange rates?\b|\bhappy returns\b|\bin return\b|\breturn (?:my|your) call\b"
)
_SENTENCES = re.compile(r"(?<=[.?!])\s+|\n+")
_HYPHENED = str.maketrans({"’": "'", "‘": "'", "`": "'", "‑": "-"})


def topics_of(text: str) -> dict[Topic, float]:
    """The topics of one text with their confidence; `other` when there is none of the rest."""
    found: dict[Topic, float] = {}
    for sentence in _SENTENCES.split(_plain(text)):
        for topic, confidence in _of_sentence(sentence).items():
            found[topic] = max(confidence, found.get(topic, 0.0))
    return found or {Topic.OTHER: HINT}


def together(several: Iterable[Mapping[Topic, float]]) -> dict[Topic, float]:
    """The topics of a conversation from those of its messages: each as sure as the surest of them says."""
    found: dict[Topic, float] = {}
    for one in several:
        for topic, confidence in one.items():
            found[topic] = max(confidence, found.get(topic, 0.0))
    if len(found) > 1:
        found.pop(Topic.OTHER, None)
    return found


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text[:TEXT_LIMIT]).translate(_HYPHENED).lower()
    return _MISLEADING.sub(" ", folded)


def _of_sentence(sentence: str) -> dict[Topic, float]:
    found: dict[Topic, float] = {}
    for topic, confidence, pattern in _COMPILED:
        if confidence > found.get(topic, 0.0) and pattern.search(sentence):
            found[topic] = confidence
    if Topic.ADDRESS_CHANGE in found:
        # "Change the delivery address of my order" is about the address alone.
        found.pop(Topic.ORDER_CHANGE, None)
        if found.get(Topic.ORDER_STATUS, 0.0) < SURE:
            found.pop(Topic.ORDER_STATUS, None)
    return found
