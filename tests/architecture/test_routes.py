"""Every address has a rule, and every rule an address."""

from pathlib import Path

import pytest
from flask import Flask

from bti.settings import Settings
from bti.web import access, layout
from bti.web.app import FEATURES, create_app


class _NoRuntime:
    """Registration must not need a database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings


def _app(tmp_path: Path, serve: str) -> Flask:
    settings = Settings(mode="test", serve=serve, var_dir=tmp_path)
    return create_app(settings, runtime=_NoRuntime(settings))


def _endpoints(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules()}


def test_the_route_table_equals_the_url_map(tmp_path):
    assert _endpoints(_app(tmp_path, "all")) == set(access.ROUTES)


@pytest.mark.parametrize("serve", ["case", "network"])
def test_a_side_serves_only_its_own_part_of_the_table(tmp_path, serve):
    endpoints = _endpoints(_app(tmp_path, serve))
    blueprints = {name.partition(".")[0] for name in endpoints if "." in name}
    assert endpoints <= set(access.ROUTES)
    assert blueprints <= set(FEATURES[serve])


def test_only_the_network_side_is_open_to_the_slt_coordinator(tmp_path):
    for endpoint, rule in access.ROUTES.items():
        on_network_side = endpoint.startswith("slt.")
        if isinstance(rule.access, access.Network):
            assert on_network_side, endpoint
        if on_network_side:
            assert isinstance(rule.access, access.Network | access.Public), endpoint


def test_no_address_changes_anything_by_get_and_post_is_never_public_by_chance(tmp_path):
    allowed = {"language", "sign_in.show", "slt.sign_in", "slt.demo_sign_in"}
    for rule in _app(tmp_path, "all").url_map.iter_rules():
        writes = rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
        open_to_all = isinstance(access.ROUTES[rule.endpoint].access, access.Public)
        if writes and open_to_all:
            assert rule.endpoint in allowed or rule.endpoint.startswith("sign_in."), rule.endpoint


def test_every_link_of_the_frame_leads_somewhere(tmp_path):
    endpoints = _endpoints(_app(tmp_path, "all"))
    wanted = {row.endpoint for row in layout.MENU}
    wanted |= {endpoint for _, endpoint in (*layout.FOOTER, *layout.OWN)}
    wanted |= {layout.DANGER_ENDPOINT, "sign_in.show", "sign_in.out", "sign_in.extend"}
    wanted |= {"slt.sign_in", "slt.sign_out", "slt.extend"}
    assert wanted <= endpoints


def test_the_danger_path_is_open_to_everyone_on_the_case_side():
    rule = access.ROUTES[layout.DANGER_ENDPOINT]
    assert isinstance(rule.access, access.SignedIn)
