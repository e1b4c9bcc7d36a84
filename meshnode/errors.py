"""What can go wrong with a node's home, keys, settings and daemon.

MeshError
    NodeError
        NodeEmpty           there is no node in this home yet
        NodeNotEmpty        there is one already
        NodeLocked          the keys wait for the passphrase
        NodeOpen            they do not wait any more
        NodeStopping        the daemon is on its way out
        AlreadyRunning      another daemon has this home
        DidNotStart         a daemon started in the background ended at once
        DidNotStop          the daemon goes on although it was asked to stop
        BadRequest          the API was asked for something it does not understand
        NoSuchRoute         the API has no such address
        NotOurUser          somebody else's process knocks
        TooSlow             a request or its reader took too long
        BadUsage            a command was given something that it cannot use
        OutputLost          what a command says cannot be written
        DoesNotLoad         a library is missing or broken
        IndexDamaged        the search index cannot be read, and is made anew
        Internal            a mistake of this software
    HomeError
        HomeNotPrivate      other people of this machine can read the home
        HomeUnusable        the home cannot be made, read or written
        NotAHome            a folder that was not made by this software
    KeysError
        WrongPassphrase     the keys do not open with it
        WrongKeyFile        the keys do not open with the key file
        KeyFileMissing      the key file is not where it should be
        KeysDamaged         the file with the keys is damaged
        KeysTooNew          it was written by newer software
    ConfigError             a setting that cannot be
"""

from __future__ import annotations

from crdt.errors import MeshError


class NodeError(MeshError):
    """The node could not do this."""

    code = "node"


class NodeEmpty(NodeError):
    """There is no node here yet. Make one with `meshnode init --name NAME`."""

    code = "node.empty"


class NodeNotEmpty(NodeError):
    """There is a node here already. Choose another `--home`, or `meshnode wipe` this one."""

    code = "node.not_empty"


class NodeLocked(NodeError):
    """The node is locked. Open it with `meshnode unlock`."""

    code = "node.locked"


class NodeOpen(NodeError):
    """The node is open already."""

    code = "node.open"


class NodeStopping(NodeError):
    """The node is just stopping or locking. Try again in a moment."""

    code = "node.stopping"


class AlreadyRunning(NodeError):
    """A daemon already runs in this home. Stop it with `meshnode stop`."""

    code = "node.already_running"


class DidNotStart(NodeError):
    """The daemon did not start. `meshnode doctor` may know why; its log is HOME/node.log."""

    code = "node.did_not_start"


class DidNotStop(NodeError):
    """The daemon did not stop in time. It may still be writing; ask again, or see HOME/node.log."""

    code = "node.did_not_stop"


class BadRequest(NodeError):
    """The node does not understand this request."""

    code = "node.bad_request"


class NoSuchRoute(NodeError):
    """The node's API has no such address. Update both programs to one version."""

    code = "node.no_such_route"


class NotOurUser(NodeError):
    """This node serves only the user who started it."""

    code = "node.not_our_user"


class TooSlow(NodeError):
    """This took too long and was given up. Try again."""

    code = "node.too_slow"


class BadUsage(NodeError):
    """The command cannot use what it was given."""

    code = "node.bad_usage"


class OutputLost(NodeError):
    """The answer could not be written to where it was sent. Check that disk, and ask again."""

    code = "node.output_lost"


class DoesNotLoad(NodeError):
    """A part of this software does not load. Run scripts/setup again, or ask `meshnode doctor`."""

    code = "node.does_not_load"


class IndexDamaged(NodeError):
    """The search index was damaged. It is being made anew; ask again in a moment."""

    code = "node.index_damaged"


class Internal(NodeError):
    """The node made a mistake; nothing that was saved is lost. HOME/node.log says where it was."""

    code = "node.internal"


class HomeError(MeshError):
    """The node's home cannot be used."""

    code = "home"


class HomeNotPrivate(HomeError):
    """The home must belong to you alone. Set it right with `chmod 700`, or choose another."""

    code = "home.not_private"


class HomeUnusable(HomeError):
    """The home cannot be made, read or written. Check the disk and whose the folder is."""

    code = "home.unusable"


class NotAHome(HomeError):
    """This folder is no node's home, so nothing in it is touched."""

    code = "home.not_a_home"


class KeysError(MeshError):
    """The keys cannot be used."""

    code = "keys"


class WrongPassphrase(KeysError):
    """That is not the passphrase. Check capitals and the keyboard's language, and try again."""

    code = "keys.wrong_passphrase"


class WrongKeyFile(KeysError):
    """The key file does not open these keys. Look for the one that was made with this home."""

    code = "keys.wrong_key_file"


class KeyFileMissing(KeysError):
    """The key file cannot be read. Put in the medium that holds it, or check its path."""

    code = "keys.key_file_missing"


class KeysDamaged(KeysError):
    """The file with the keys is damaged. Move the home away and `meshnode recover` your member."""

    code = "keys.damaged"


class KeysTooNew(KeysError):
    """The keys were written by a newer version. Update this software."""

    code = "keys.too_new"


class ConfigError(MeshError):
    """The settings cannot be used as they are."""

    code = "config"
