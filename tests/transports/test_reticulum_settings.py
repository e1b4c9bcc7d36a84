"""Settings become the configuration that Reticulum reads, and nothing else slips in."""

from __future__ import annotations

from pathlib import Path

import pytest

from transports.reticulum_settings import LocalNetwork, ReticulumSettings, TcpConnect, TcpListen


def test_every_interface_is_written_under_its_name() -> None:
    settings = ReticulumSettings(
        Path("/nowhere"),
        (TcpListen("::", 4242), TcpConnect("ridge.example", 4243), LocalNetwork(("wlan0", "eth0"))),
    )

    text = settings.config_text()

    for name in settings.interface_names():
        assert f"[[{name}]]\n" in text
    for line in ("listen_port = 4242", "target_host = ridge.example", "devices = wlan0, eth0"):
        assert line in text.splitlines()


def test_nothing_is_shared_or_relayed() -> None:
    lines = ReticulumSettings(Path("/nowhere")).config_text().splitlines()

    assert {"enable_transport = No", "share_instance = No"} <= set(lines)


@pytest.mark.parametrize("host", ["", "a b", "host\nenable_transport = Yes", "x" * 300])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    for interface in (TcpListen, TcpConnect):
        with pytest.raises(ValueError, match="host"):
            interface(host, 4242)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="port"):
        TcpListen("127.0.0.1", port)


def test_a_device_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="device"):
        LocalNetwork(("wlan0\nx = y",))


def test_the_owners_own_configuration_is_used_where_it_is() -> None:
    settings = ReticulumSettings(Path("/nowhere"), user_directory=Path("/home/rosa/.reticulum"))

    assert settings.config_directory == Path("/home/rosa/.reticulum")
