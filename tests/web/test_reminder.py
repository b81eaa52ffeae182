"""The page on which somebody chooses how they are reminded."""

from tests.web.case_site import signed_in


def test_somebody_writes_an_address_once_and_no_page_shows_it_again(world):
    client = signed_in(world, "ingrid")
    assert "No address is registered" in client.get("/reminders").text
    wrong = client.post("/reminders", {"pace": "weekly", "address": "ingrid"})
    assert wrong.status == 422
    assert "Write an e-mail address" in wrong.text
    sent = client.post("/reminders", {"pace": "weekly", "address": "ingrid@lindvik.example"})
    assert sent.status == 303
    shown = client.get("/reminders")
    assert "An address is registered." in shown.text
    assert b"ingrid@lindvik" not in shown.response.get_data()
    client.post("/reminders", {"pace": "never", "address": "", "forget": "y"})
    assert "No address is registered" in client.get("/reminders").text
    assert signed_in(world, "anne").get("/reminders").status == 404
