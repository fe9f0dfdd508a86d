"""Public numbers: small, per workspace, in order of creation. Raw ids never stand in an address."""

from django.db.models import F

from tenants.models import Counter


def next_number(noun: str) -> int:
    """The next number of `noun` in the current workspace. Callers wait for each other until commit, so there are no gaps
    but those of rolled-back transactions, and never a number twice."""
    if not Counter.objects.filter(noun=noun).update(last=F("last") + 1):
        Counter.objects.bulk_create([Counter(noun=noun, last=0)], ignore_conflicts=True)
        Counter.objects.filter(noun=noun).update(last=F("last") + 1)
    return int(Counter.objects.values_list("last", flat=True).get(noun=noun))
