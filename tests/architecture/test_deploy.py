"""The units that ship are hardened, know each other, and start commands that exist."""

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from bti.__main__ import OVERWRITING
from bti.cli import main
from bti.jobs.table import Place
from bti.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = {path.stem: path for path in sorted((DEPLOY / "systemd").glob("*.service"))}
#: Started by a timer, each as the user whose rights its jobs need.
TIMED = {
    "stafett-work-keys": ("stafett-keyd", "keyd"),
    "stafett-work-files": ("stafett-web", "web"),
    "stafett-work-accounts": ("stafett-admin", "admin"),
    "stafett-work-mail": ("stafett-work", "work"),
}
#: Started by a timer too, on the network side.
OF_NETWORK = {"stafett-network-mail": ("stafett-network", "network")}
#: Where the database's role is another than the user.
ROLES = {"admin": "web"}
WALLS = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectProc": "invisible",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "LimitCORE": "0",
}


#: Of 100 points of exposure that systemd counts; a unit without walls has 96.
MOST_EXPOSED = 20


class _Repeating(dict[str, str]):
    """Keeps every line of an option that is given more than once, as systemd does."""

    def __setitem__(self, key, value) -> None:
        if key in self and isinstance(value, list) and isinstance(self[key], list):
            value = self[key] + ["\n"] + value
        super().__setitem__(key, value)


def read(path: Path) -> RawConfigParser:
    parser = RawConfigParser(
        strict=False, delimiters=("=",), dict_type=_Repeating, comment_prefixes=("#", ";")
    )
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    return parser


def service(name: str) -> dict[str, str]:
    return dict(read(UNITS[name])["Service"])


def user_of(unit: str) -> str:
    return {**TIMED, **OF_NETWORK}.get(unit, (unit, ""))[0]


def environment_of(unit: str) -> str:
    timed = {**TIMED, **OF_NETWORK}
    return timed[unit][1] if unit in timed else unit.removeprefix("stafett-")


def test_there_is_a_unit_for_each_process():
    running = {f"stafett-{one}" for one in ("web", "keyd", "logd", "work", "network")}
    assert set(UNITS) == running | set(TIMED) | set(OF_NETWORK)


@pytest.mark.parametrize("unit", TIMED)
def test_a_unit_that_a_timer_starts_does_the_jobs_of_one_place_and_ends(unit):
    found = service(unit)
    assert found["Type"] == "oneshot"
    assert "Restart" not in found
    place = unit.removeprefix("stafett-work-")
    assert found["ExecStart"].split()[1:] == ["work", "--once", "--for", place]
    assert place in set(Place)
    timer = read(DEPLOY / "systemd" / f"{unit}.timer")
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert timer["Timer"]["OnCalendar"]
    assert f"{unit}.timer" in (DEPLOY / "README.md").read_text(encoding="utf-8")


def test_every_place_has_a_unit():
    assert {f"stafett-work-{one}" for one in Place if one is not Place.WORK} == set(TIMED)


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_has_all_its_walls(unit):
    found = service(unit)
    assert {name: found.get(name) for name in WALLS} == WALLS
    assert found["SystemCallFilter"].splitlines()[0] == "@system-service"
    assert "~@privileged" in found["SystemCallFilter"]
    assert "RestrictAddressFamilies" in found
    assert found["User"] == found["Group"] == found["StateDirectory"] == user_of(unit)


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_starts_a_command_that_there_is(unit):
    program, command, *_ = service(unit)["ExecStart"].split()
    assert program == "/opt/stafett/bin/bti"
    known = set(main.list_commands(None))  # type: ignore[arg-type]  # a context is not needed
    assert command in known


@pytest.mark.parametrize("unit", UNITS)
def test_every_process_overwrites_what_it_gives_back_from_its_first_start(unit):
    found = service(unit)["Environment"].splitlines()
    assert [one for one in found if one] == [
        f"{name}={value}" for name, value in OVERWRITING.items()
    ]


def test_the_key_broker_has_no_network_and_no_swap_and_its_socket_is_for_a_group():
    found = service("stafett-keyd")
    assert found["PrivateNetwork"] == "yes"
    assert found["RestrictAddressFamilies"] == "AF_UNIX"
    assert found["MemorySwapMax"] == "0"
    assert found["LimitMEMLOCK"] == "infinity"
    socket = read(DEPLOY / "systemd" / "stafett-keyd.socket")["Socket"]
    assert socket["SocketMode"] == "0660"
    assert socket["SocketGroup"] == "stafett-keys"
    assert socket["ListenSequentialPacket"] == "/run/stafett/keyd.sock"


@pytest.mark.parametrize("unit", sorted(one for one in UNITS if user_of(one) != "stafett-keyd"))
def test_no_other_process_can_see_the_root_key(unit):
    found = service(unit)
    assert "-/etc/stafett/keyd" in found["InaccessiblePaths"].split()
    assert "LoadCredential" not in found


def test_only_pages_witnesses_and_post_have_a_network_and_the_post_only_where_it_is_told():
    families = {unit: service(unit)["RestrictAddressFamilies"] for unit in UNITS}
    out = {unit for unit, said in families.items() if "AF_INET" in said}
    posts = {"stafett-work-mail", "stafett-network-mail"}
    assert out == {"stafett-web", "stafett-network", "stafett-logd", *posts}
    for post in map(service, posts):
        assert (post["IPAddressDeny"], post["IPAddressAllow"]) == ("any", "localhost")


@pytest.mark.parametrize("unit", ["stafett-network", *OF_NETWORK])
def test_the_network_side_can_reach_neither_broker_nor_case_database(unit):
    hidden = service(unit)["InaccessiblePaths"].split()
    assert {"-/run/stafett", "-/run/postgresql"} <= set(hidden)
    assert "SupplementaryGroups" not in service(unit)


@pytest.mark.parametrize("unit", OF_NETWORK)
def test_the_timer_of_the_network_side_sends_its_reminders(unit):
    found = service(unit)
    assert (found["Type"], found["ExecStart"].split()[1:]) == ("oneshot", ["network", "remind"])
    assert read(DEPLOY / "systemd" / f"{unit}.timer")["Install"]["WantedBy"] == "timers.target"
    assert f"{unit}.timer" in (DEPLOY / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("unit", UNITS)
def test_the_environment_of_each_unit_is_one_that_bti_accepts(unit, monkeypatch):
    name = environment_of(unit)
    assert service(unit)["EnvironmentFile"] == f"/etc/stafett/{name}.env"
    lines = (DEPLOY / "environment" / f"{name}.env").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    values = {key.removeprefix("BTI_").lower(): value for key, value in given.items()}
    if "LoadCredential" in service(unit):
        # As systemd tells a service that has credentials.
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", f"/run/credentials/{unit}.service")
    chosen = Settings(**values)
    assert chosen.mode == "production"
    asks = chosen.keyd_socket is not None
    assert asks == (name in {"web", "work", "admin"})
    if asks:
        assert chosen.root_key_file is None
    if name != "network":
        assert f"://stafett_{ROLES.get(name, name)}@" in str(chosen.database_url)


def test_every_user_of_a_unit_is_made():
    made = (DEPLOY / "sysusers.conf").read_text(encoding="utf-8")
    for unit in UNITS:
        assert re.search(rf"^u {user_of(unit)} ", made, re.MULTILINE)


@pytest.fixture(scope="module")
def read_by_systemd(tmp_path_factory):
    """The units in a folder, each with a program that is on this machine too."""
    folder = tmp_path_factory.mktemp("units")
    for path in (DEPLOY / "systemd").iterdir():
        unit = path.read_text(encoding="utf-8").replace("/opt/stafett/bin/bti", "/bin/true")
        (folder / path.name).write_text(unit, encoding="utf-8")
    return folder


def analyze(*words):
    program = shutil.which("systemd-analyze")
    assert program, "systemd is needed to read its units: tools/needs-systemd"
    return subprocess.run(
        [program, *words], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line_of_a_unit_and_counts_little_exposure(read_by_systemd, unit):
    path = str(read_by_systemd / f"{unit}.service")
    understood = analyze("verify", "--man=no", path)
    assert (understood.returncode, understood.stderr) == (0, "")
    weighed = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", path)
    assert weighed.returncode == 0, weighed.stdout
