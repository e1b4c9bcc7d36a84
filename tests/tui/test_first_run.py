"""The welcome form's knowledge of the node."""

from __future__ import annotations

from crdt.errors import BadInvite
from tui.screens import welcome


def test_a_refused_ticket_comes_under_the_code_that_the_form_knows() -> None:
    assert BadInvite.code == welcome._BAD_TICKET
