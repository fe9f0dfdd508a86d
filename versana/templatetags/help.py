"""Links into the help, from wherever something may need explaining."""

from django import template
from django.template import Context

from versana.help import pages

register = template.Library()


@register.simple_tag(takes_context=True)
def help_url(context: Context, slug: str = "") -> str:
    """The address of a page of the help, which then stands in the frame of the workspace that this page is of."""
    visit = getattr(context.get("request"), "visit", None)
    return pages.address(slug, visit.workspace if visit else None)
