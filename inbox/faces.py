"""Faces: a contact or a colleague as a few letters on a ground."""

from inbox.cards import Person


def face(name: str, key: int, *, colleague: bool = False) -> Person:
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    letters = (words[0][0] + (words[1][0] if len(words) > 1 else words[0][1:2])) if words else "?"
    return Person(name=name, initials=letters.upper(), hue=key % 6, colleague=colleague)
