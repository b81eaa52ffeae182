"""What every answer carries, and how static files are kept."""

import pytest

from bti.web import headers
from bti.web.local_address import local_path
from tests.web.critic import CriticError, examine
from tests.web.dummy import client_for, site

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; manifest-src 'self'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@pytest.mark.parametrize("path", ["/open", "/no-such-page", "/status/500", "/note", "/broken"])
def test_every_answer_carries_the_guards(tmp_path, path):
    response = client_for(site(tmp_path)).get(path).response
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    assert "Cookie" in response.headers["Vary"]


def test_https_is_demanded_for_two_years_only_over_https(tmp_path):
    client = client_for(site(tmp_path))
    over_https = client.get("/open", base_url="https://localhost").response
    assert over_https.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert "Strict-Transport-Security" not in client.get("/open").response.headers


def test_cookies_are_host_bound_over_https(tmp_path):
    app = site(tmp_path, mode="production", base_url="https://stafett.example")
    page = client_for(app).get("/open", base_url="https://stafett.example")
    cookie = page.response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-st_form=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_a_static_file_with_its_hash_is_kept_for_ever(tmp_path):
    client = client_for(site(tmp_path))
    sheet = next(
        link.get("href")
        for link in client.get("/open").all("link")
        if "stafett.css" in link.get("href")
    )
    kept = client.client.get(sheet, buffered=True)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in kept.headers
    assert "Cookie" not in kept.headers.get("Vary", "")


@pytest.mark.parametrize("query", ["", "?v=0000000000000000"])
def test_a_static_file_without_the_right_hash_is_asked_for_each_time(tmp_path, query):
    answer = client_for(site(tmp_path)).client.get(f"/static/stafett.css{query}", buffered=True)
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/static/../bti/settings.py", "/static/%2e%2e/LICENSE", "/static/no.css", "/static/a%00b"],
)
def test_static_files_end_at_their_folder(tmp_path, path):
    assert client_for(site(tmp_path)).client.get(path).status_code == 404


def test_signing_out_empties_the_browser(tmp_path):
    app = site(tmp_path)
    with app.test_request_context():
        response = headers.forget_browser(app.make_response("bye"))
    assert response.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(tmp_path, method):
    answer = client_for(site(tmp_path)).client.open("/open", method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/ok\n//evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        None,
        "/" + "a" * 3000,
        "//[",
    ],
)
def test_next_never_leads_elsewhere(elsewhere):
    assert local_path(elsewhere) == "/"


@pytest.mark.parametrize("here", ["/", "/case/1?view=print", "/søk?q=a%20b"])
def test_next_keeps_a_path_of_ours(here):
    assert local_path(here) == here


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<h1>A</h1><h1>B</h1>", "2 h1"),
        ("<h1>B</h1>", "does not start with h1"),
        ('<h1>A</h1><p id="x"></p><p id="x"></p>', "id x used 2 times"),
        ('<h1>A</h1><p style="color:red"></p>', "inline style"),
        ("<h1>A</h1><script>alert(1)</script>", "inline script"),
        ('<h1 onclick="go()">A</h1>', "onclick in h1"),
        ('<h1>A</h1><form method="post" action="/x"></form>', "0 tokens"),
        ('<h1>A</h1><form method="get"></form>', "form without action"),
        ('<h1>A</h1><input name="who">', "input who has no label"),
        ("<h1>A</h1><p>%(name)s</p>", "unfilled text"),
        ("<h1>A</h1><p><div></div></p>", "unexpected-end-tag"),
        ('<h1>A</h1><a href="//evil.example">x</a>', "address outside"),
        ('<h1>A</h1><a href="#gone">x</a>', "which is not there"),
        ('<h1>A</h1><a href="/x"></a>', "a without a name"),
    ],
)
def test_the_critic_finds_what_it_looks_for(tmp_path, body, fault):
    app = site(tmp_path)
    page = f'<!doctype html><html lang="nb"><head><title>A – Stafett</title></head><body>{body}</body></html>'
    app.view_functions["open"] = lambda: page
    with pytest.raises(CriticError, match="(?s).*" + fault.replace("(", r"\(")):
        examine(app.test_client().get("/open"))
