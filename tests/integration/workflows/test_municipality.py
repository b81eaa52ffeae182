"""What a municipality has decided about itself is changed by two people, and never in SQL."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from bti.audit.models import AuditEvent
from bti.cli import main, wiring
from bti.db.models import LocalRules, Municipality
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.errors import AccessDenied
from bti.workflows import audit_check, municipality, sign_in
from tests.approvals import two_say_yes

WANTED = {
    "name": "Våler kommune",
    "number": "9901",
    "profile": "vaaler",
    "language": "nn",
}
PUBLIC = "UPDATE municipalities SET {} WHERE number = '9901'"


def change(world, wanted=WANTED, approval_id=None):
    world.system(municipality.change, tenant_id=world.tenant_id, approval_id=approval_id, **wanted)


def both_rows(world):
    with world.looking() as session:
        rows = (session.get_one(mapped, world.tenant_id) for mapped in (Municipality, LocalRules))
        return [{one: getattr(row, one) for one in municipality.DECIDED} for row in rows]


def acts(world):
    with world.looking() as session:
        return list(session.scalars(select(AuditEvent.act).order_by(AuditEvent.idx)))


def findings(world):
    return world.system(audit_check.verify, tenant_id=world.tenant_id).findings


def nobody_is_let_in(world, who="ingrid"):
    token = world._tokens[who]
    return world.runtime.doorway.perform(sign_in.identify, None, token=token) is None


def test_two_people_change_it_and_the_log_says_so(world):
    agreed = two_say_yes(world, ApprovalAct.PROFILE_CHANGE, municipality.change_params(**WANTED))
    change(world, approval_id=agreed)
    assert both_rows(world) == [WANTED, WANTED]
    assert acts(world)[-2:] == ["approval:act:use", "tenant:register:change"]
    actor = world.actor("ingrid")
    assert (actor.municipality, actor.profile) == ("Våler kommune", "vaaler")
    assert findings(world) == ()
    with pytest.raises(ApprovalRefused, match="used"):
        change(world, approval_id=agreed)


def test_nobody_changes_it_alone_or_to_something_else(world):
    before = both_rows(world)
    with pytest.raises(ApprovalRefused, match="unknown"):
        change(world)
    agreed = two_say_yes(world, ApprovalAct.PROFILE_CHANGE, municipality.change_params(**WANTED))
    with pytest.raises(ApprovalRefused, match="changed"):
        change(world, WANTED | {"name": "Andre kommune"}, agreed)
    assert both_rows(world) == before


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (PUBLIC.format("profile = 'vaaler'"), "municipalities"),
        (PUBLIC.format("name = 'Andre kommune'"), "municipalities"),
        (PUBLIC.format("number = '9999'"), "municipalities"),
        (PUBLIC.format("language = 'nn'"), "municipalities"),
        ("UPDATE local_rules SET profile = 'vaaler'", "local_rules"),
        ("DELETE FROM local_rules", "local_rules"),
    ],
)
def test_changed_in_sql_nobody_is_let_in_and_it_is_an_alarm(world, statement, named):
    world.token("ingrid")
    with world.as_administrator() as connection:
        connection.execute(text(statement))
    assert nobody_is_let_in(world)
    assert acts(world)[-2:] == ["access:request:deny", "alarm:broker:raise"]
    assert any(named in one for one in findings(world))
    with pytest.raises(AccessDenied, match="forged_row"):
        change(world)


def test_changed_in_both_rows_the_mac_is_still_wrong(world):
    world.token("ingrid")
    with world.as_administrator() as connection:
        for table in ("municipalities", "local_rules"):
            connection.execute(text(f"UPDATE {table} SET profile = 'vaaler'"))
    assert nobody_is_let_in(world)
    assert acts(world)[-2:] == ["access:request:deny", "alarm:broker:raise"]
    with world.as_administrator() as connection:
        for table in ("municipalities", "local_rules"):
            connection.execute(text(f"UPDATE {table} SET profile = 'standard'"))
    assert not nobody_is_let_in(world)
    assert findings(world) == ()


def test_the_command_asks_and_then_changes(world, monkeypatch):
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_VAR_DIR", str(world.runtime.settings.var_dir))
    opened = wiring.open_runtime
    monkeypatch.setattr(
        wiring, "open_runtime", lambda chosen, **more: opened(chosen, clock=world.clock, **more)
    )
    command = ["accounts", "change-municipality", "--municipality", "9901", "--profile", "vaaler"]
    alone = CliRunner().invoke(main, command)
    assert (alone.exit_code, "two people" in alone.output) == (1, True)
    stands = world.system(municipality.stands, tenant_id=world.tenant_id)
    params = municipality.change_params(**stands | {"profile": "vaaler"})
    agreed = two_say_yes(world, ApprovalAct.PROFILE_CHANGE, params)
    done = CliRunner().invoke(main, [*command, "--approval", str(agreed)])
    assert done.output == "9901 Lindvik kommune: vaaler, nb.\n"
    assert both_rows(world)[0]["profile"] == "vaaler"
    taken = CliRunner().invoke(main, [*command[:4], "--new-number", "12"])
    assert (taken.exit_code, "four digits" in taken.output) == (2, True)
