from __future__ import annotations

import os
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.crypto.keys import MemberKey
from meshnode.errors import (
    BadUsage,
    KeyFileMissing,
    KeysDamaged,
    KeysError,
    KeysTooNew,
    WrongKeyFile,
    WrongPassphrase,
)
from meshnode.home.key_file import KEY_FILE_BYTES, make_key_file, read_key_file
from meshnode.home.keystore import MAX_FILE_BYTES, Keystore, Protection, _checksum
from meshnode.home.unlocked_keys import UnlockedKeys, new_keys
from tests.meshnode.conftest import QUICK

ENTROPY = bytes(range(16))
KEYS = new_keys("Rosa Quispe", ENTROPY)
PASSPHRASE = "água de montaña"


def store_in(folder: Path) -> Keystore:
    return Keystore(folder / "keys", QUICK)


def written(passphrase: str | bytes = PASSPHRASE) -> bytes:
    with TemporaryDirectory() as folder:
        store = store_in(Path(folder))
        store.write(KEYS, passphrase)
        return store.path.read_bytes()


FILE = written()


def secrets_of(keys: UnlockedKeys) -> tuple[object, ...]:
    device = keys.device
    return (
        keys.name,
        device.device.secret,
        device.withdrawal_seed,
        device.enrolment,
        keys.database_key,
    )


def test_the_passphrase_gives_back_what_was_sealed(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    store.write(KEYS, PASSPHRASE)

    assert secrets_of(store.unlock(PASSPHRASE)) == secrets_of(KEYS)
    assert store.protection() is Protection.PASSPHRASE
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_passphrase_may_be_typed_on_another_keyboard(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    store.write(KEYS, "mañana")

    assert store.unlock("man\u0303ana").name == KEYS.name


def test_the_key_file_gives_back_what_was_sealed(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    key = make_key_file(tmp_path / "stick" / "unlock.key")

    store.write(KEYS, key)

    assert secrets_of(store.unlock(read_key_file(tmp_path / "stick/unlock.key"))) == secrets_of(
        KEYS
    )
    assert store.protection() is Protection.KEY_FILE


def test_no_secret_stands_in_the_file() -> None:
    secrets = [part for part in secrets_of(KEYS) if isinstance(part, bytes)]

    assert len(secrets) == 3
    assert not any(secret[:8] in FILE for secret in [*secrets, ENTROPY, b"Rosa"])


def test_the_same_keys_are_never_sealed_the_same_way_twice() -> None:
    assert written() != FILE


@pytest.mark.parametrize("wrong", ["", "Água de montaña", PASSPHRASE + " ", "x" * 1025])
def test_another_passphrase_is_wrong(tmp_path: Path, wrong: str) -> None:
    store = store_in(tmp_path)
    store.write(KEYS, PASSPHRASE)

    with pytest.raises((WrongPassphrase, BadUsage)):
        store.unlock(wrong)


def test_another_key_file_is_wrong(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.write(KEYS, os.urandom(KEY_FILE_BYTES))

    with pytest.raises(WrongKeyFile):
        store.unlock(os.urandom(KEY_FILE_BYTES))


def test_a_passphrase_where_a_key_file_is_needed_is_said_so(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.write(KEYS, os.urandom(KEY_FILE_BYTES))

    with pytest.raises(WrongPassphrase, match="open with a key file"):
        store.unlock(PASSPHRASE)


@given(st.integers(0, 8 * len(FILE) - 1))
def test_any_flipped_bit_is_noticed(place: int) -> None:
    damaged = bytearray(FILE)
    damaged[place // 8] ^= 1 << (place % 8)

    with TemporaryDirectory() as folder:
        store = store_in(Path(folder))
        store.path.write_bytes(damaged)
        with pytest.raises(KeysDamaged):
            store.unlock(PASSPHRASE)


@given(st.integers(0, len(FILE) - 1))
def test_any_file_cut_short_is_noticed(size: int) -> None:
    with TemporaryDirectory() as folder:
        store = store_in(Path(folder))
        store.path.write_bytes(FILE[:size])
        with pytest.raises(KeysDamaged):
            store.unlock(PASSPHRASE)


@given(st.binary(max_size=MAX_FILE_BYTES + 10), st.booleans())
def test_whatever_somebody_puts_there_gives_our_error(data: bytes, is_signed: bool) -> None:
    if is_signed:
        data = FILE[:9] + data[: MAX_FILE_BYTES - 64]
        # Bounds what it may ask for, which is checked elsewhere.
        data = data[:10] + (1).to_bytes(4, "big") + (8).to_bytes(4, "big") + data[18:]
        data += _checksum(data)
    with TemporaryDirectory() as folder:
        store = store_in(Path(folder))
        store.path.write_bytes(data)
        with pytest.raises(KeysError):
            store.unlock(PASSPHRASE)


def signed(data: bytes) -> bytes:
    return data + _checksum(data)


def test_a_file_that_would_eat_the_machine_is_refused(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.path.write_bytes(signed(FILE[:14] + b"\xff\xff\xff\xff" + FILE[18:-16]))

    with pytest.raises(KeysDamaged, match="out of bounds"):
        store.unlock(PASSPHRASE)


def test_a_file_of_newer_software_is_called_so(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.path.write_bytes(signed(FILE[:8] + b"\x02" + FILE[9:-16]))

    with pytest.raises(KeysTooNew):
        store.protection()


def test_a_missing_file_is_explained_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeysDamaged) as missing:
        store_in(tmp_path).unlock(PASSPHRASE)

    assert "meshnode recover" in missing.value.explain()


def test_the_same_words_make_the_same_member_on_another_device() -> None:
    again = new_keys("Rosa", ENTROPY)

    assert again.device.enrolment.member == MemberKey(ENTROPY).member
    assert again.device.withdrawal_seed == KEYS.device.withdrawal_seed
    assert again.device.device.public != KEYS.device.device.public
    assert again.database_key != KEYS.database_key


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_has_bounds(name: str) -> None:
    with pytest.raises(BadUsage):
        new_keys(name, ENTROPY)


def test_secrets_are_not_shown_where_keys_are_printed() -> None:
    assert KEYS.database_key.hex() not in repr(KEYS)
    assert repr(KEYS) == "UnlockedKeys(name='Rosa Quispe')"


def test_a_key_file_that_is_there_is_taken_and_not_replaced(tmp_path: Path) -> None:
    first = make_key_file(tmp_path / "unlock.key")

    assert make_key_file(tmp_path / "unlock.key") == first


@pytest.mark.parametrize("data", [b"", b"x" * 31, b"x" * 33])
def test_what_is_no_key_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "unlock.key").write_bytes(data)

    with pytest.raises(KeyFileMissing, match="no key file"):
        make_key_file(tmp_path / "unlock.key")


def test_a_missing_medium_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissing, match="stick"):
        read_key_file(tmp_path / "stick" / "unlock.key")
