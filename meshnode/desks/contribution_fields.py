"""The fields of a contribution: from what somebody asks for to what a document keeps, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledge.contribution import Consent, Contribution, Field
from knowledge.language_tag import language_tag
from knowledge.licence import licence_expression
from meshnode.errors import BadRequest

if TYPE_CHECKING:
    from crdt.entries.contents import Value
    from meshnode.views.contribution import EditRequest


def fields_of(
    *,
    title: str | None = None,
    language: str | None = None,
    licence: str | None = None,
    tags: tuple[str, ...] | None = None,
    place: str | None = None,
    author: str | None = None,
    source: str | None = None,
    consent: Consent | None = None,
) -> dict[int, Value]:
    """Return the fields that are given, by number; what is None is not set.

    Raises:
        BadLanguage, BadLicence: One of them is none.
    """
    given: dict[int, Value | None] = {
        Field.TITLE: title,
        Field.LANGUAGE: None if language is None else language_tag(language),
        Field.LICENCE: None if licence is None else licence_expression(licence),
        Field.TAGS: tuple(filter(None, (tag.strip() for tag in tags or ()))),
        Field.PLACE: place,
        Field.AUTHOR: author,
        Field.SOURCE: source,
        Field.CONSENT: None if consent is None else int(consent),
    }
    return {int(field): value for field, value in given.items() if value not in (None, "", ())}


def edited_fields(request: EditRequest) -> dict[int, Value]:
    """Return the fields that an edit changes: None takes one out.

    Raises:
        BadRequest: It would take the title out.
        BadLanguage, BadLicence: One of them is none.
    """
    if request.title is not None and not request.title.strip():
        raise BadRequest("a contribution has a title")
    fields = fields_of(
        title=request.title,
        language=request.language,
        licence=request.licence,
        tags=request.tags,
        place=request.place,
    )
    for field, given in ((Field.TAGS, request.tags), (Field.PLACE, request.place)):
        if given is not None:
            fields.setdefault(int(field), None)
    return fields


def consent_of(uses: tuple[str, ...] | None) -> Consent | None:
    """Read the uses that somebody agrees to; None stays None.

    Raises:
        BadRequest: One of them is not known.
    """
    if uses is None:
        return None
    consent = Consent.NONE
    for use in uses:
        if use.upper() not in Consent.__members__:
            raise BadRequest(f"{use!r} is not one of answering, training and sharing")
        consent |= Consent[use.upper()]
    return consent


def uses_of(contribution: Contribution) -> tuple[str, ...]:
    """Name the uses that a contribution is given for."""
    uses = (Consent.ANSWERING, Consent.TRAINING, Consent.SHARING)
    return tuple(str(use.name).lower() for use in uses if use in contribution.consent)
