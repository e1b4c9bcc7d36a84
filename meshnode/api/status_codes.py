"""What an error's code is as an HTTP status and as a command's exit status: one table for both.

A code that is not listed takes the line of its longest listed beginning:
`crdt.store.damaged` that of `crdt.store`. `docs/guide/cli.md` explains the exit statuses.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_DAEMON = 3
    SHUT = 4
    NOT_FOUND = 5
    NOT_ALLOWED = 6
    UNREACHABLE = 7
    STORAGE = 8
    NO_MODEL = 9
    INTERRUPTED = 130


STATUSES: dict[str, tuple[int, Exit]] = {
    "mesh": (500, Exit.FAILED),
    "client": (500, Exit.FAILED),
    "client.unreachable": (503, Exit.NO_DAEMON),
    "config": (400, Exit.USAGE),
    "crdt": (400, Exit.FAILED),
    "crdt.ambiguous_id": (409, Exit.NOT_FOUND),
    "crdt.bad_id": (400, Exit.USAGE),
    "crdt.bad_invite": (403, Exit.NOT_ALLOWED),
    "crdt.cannot_open": (403, Exit.NOT_ALLOWED),
    "crdt.document_damaged": (500, Exit.STORAGE),
    "crdt.document_full": (409, Exit.FAILED),
    "crdt.log_forked": (409, Exit.FAILED),
    "crdt.quota_spent": (403, Exit.NOT_ALLOWED),
    "crdt.malformed": (400, Exit.USAGE),
    "crdt.not_authorised": (403, Exit.NOT_ALLOWED),
    "crdt.not_yours": (403, Exit.NOT_ALLOWED),
    "crdt.space_closed": (403, Exit.NOT_ALLOWED),
    "crdt.store": (500, Exit.STORAGE),
    "crdt.store.disk_full": (503, Exit.STORAGE),
    "crdt.too_large": (400, Exit.USAGE),
    "crdt.unknown_entry": (404, Exit.NOT_FOUND),
    "crdt.unknown_space": (404, Exit.NOT_FOUND),
    "crdt.withdrawn": (410, Exit.NOT_FOUND),
    "home": (500, Exit.STORAGE),
    "keys": (500, Exit.SHUT),
    "keys.key_file_missing": (503, Exit.SHUT),
    "keys.wrong_key_file": (403, Exit.SHUT),
    "keys.wrong_passphrase": (403, Exit.SHUT),
    "knowledge": (400, Exit.FAILED),
    "knowledge.bad_language": (400, Exit.USAGE),
    "knowledge.bad_licence": (400, Exit.USAGE),
    "knowledge.model_failed": (503, Exit.NO_MODEL),
    "knowledge.model_unavailable": (503, Exit.NO_MODEL),
    "node": (500, Exit.FAILED),
    "node.already_running": (409, Exit.NO_DAEMON),
    "node.bad_request": (400, Exit.USAGE),
    "node.bad_usage": (400, Exit.USAGE),
    "node.did_not_start": (503, Exit.NO_DAEMON),
    "node.did_not_stop": (503, Exit.NO_DAEMON),
    "node.does_not_load": (500, Exit.NO_DAEMON),
    "node.index_damaged": (503, Exit.STORAGE),
    "node.empty": (409, Exit.SHUT),
    "node.locked": (423, Exit.SHUT),
    "node.no_such_route": (404, Exit.FAILED),
    "node.not_empty": (409, Exit.SHUT),
    "node.not_our_user": (403, Exit.NOT_ALLOWED),
    "node.open": (409, Exit.DONE),
    "node.output_lost": (500, Exit.STORAGE),
    "node.stopping": (503, Exit.NO_DAEMON),
    "node.too_slow": (503, Exit.FAILED),
    "transport": (503, Exit.UNREACHABLE),
    "transport.bad_address": (400, Exit.USAGE),
    "transport.bundle_not_written": (503, Exit.STORAGE),
    "transport.not_a_bundle": (400, Exit.USAGE),
}


def http_status(code: str) -> int:
    """Return the HTTP status that goes with an error's code."""
    return _find(code)[0]


def exit_status(code: str) -> Exit:
    """Return the exit status that goes with an error's code."""
    return _find(code)[1]


def _find(code: str) -> tuple[int, Exit]:
    while code:
        if code in STATUSES:
            return STATUSES[code]
        code = code.rpartition(".")[0]
    return STATUSES["mesh"]
