"""A goal's own day and evaluation, as a browser meets them."""

import re
import uuid
from datetime import timedelta

from bti.domain.codes import InfoType
from bti.workflows import worklist
from bti.workflows.worklist import TaskKind
from tests.integration.workflows.states import goal, invite, ops, planned, share, today, with_log
from tests.web.plan_site import client_for, filled

SAID = {"child": "Det går bedre.", "guardians": "Enig.", "seen": "Han kommer."}


def source(page):
    return page.response.get_data(as_text=True)


def titles(world):
    """What evaluations on the holder's list are of."""
    found = world.run("ingrid", worklist.my_day).tasks
    return [one.about for one in found if one.kind is TaskKind.EVALUATION]


def test_a_goal_is_reached_while_its_measure_goes_on(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    new = f"/cases/{case_id}/goals/new"
    by = today(world) + timedelta(days=10)
    past = {"text": "I tide", "reach_by": (today(world) - timedelta(days=1)).isoformat()}
    refused = client.post(new, filled(client.get(new), new, **past))
    assert "has passed." in refused.text
    assert refused.form(new)["text"] == "I tide"
    client.post(new, filled(refused, new, reach_by=by.isoformat()))
    assert ops(world, case_id).next_evaluation == by

    case = f"/cases/{case_id}"
    shown = client.get(case)
    path = re.search(rf"{case}/goals/[0-9a-f-]+/evaluate", source(shown))[0]
    goal_id = uuid.UUID(path.split("/")[-2])
    planned(world, case_id, goal_id=goal_id, evaluate_on=today(world) + timedelta(days=20))
    world.clock.advance(timedelta(days=4))
    assert titles(world) == ["goal"]
    client = client_for(world, "ingrid")

    typed = {**SAID, "status": "under_way", "reach_by": "", "child": ""}
    refused = client.post(path, filled(client.get(path), path, **typed))
    assert refused.status == 422
    assert refused.form(path)["seen"] == "Han kommer."
    saved = client.post(path, filled(refused, path, **SAID, status="reached"))
    shown = client.follow(saved)
    assert "It is saved how the goal stands." in shown.text
    assert "The goal is reached" in shown.text
    assert "Det går bedre." in shown.text
    assert "Under way" in shown.text
    assert path not in source(shown)
    assert ops(world, case_id).next_evaluation == today(world) + timedelta(days=16)
    assert titles(world) == []

    again = client.post(path, filled(client.get(path), path, **SAID, status="left"))
    assert "This goal has ended." in again.text
    measure = f"{case}/measures/new"
    assert client.get(measure).response.headers["Location"] == new
    world.clock.advance(timedelta(days=10))
    assert titles(world) == ["measures"]


def test_how_a_goal_stands_is_read_by_those_who_read_the_goal_alone(world):
    case_id = with_log(world, level=2)
    goal_id = goal(world, case_id)
    path = f"/cases/{case_id}/goals/{goal_id}/evaluate"
    client = client_for(world, "ingrid")
    client.post(path, filled(client.get(path), path, **SAID, status="reached"))
    share(world, case_id, "health", InfoType.ATTENDANCE)
    invite(world, case_id, "kari")
    other = client_for(world, "kari")
    assert other.get(path).status == 404
    assert "Det går bedre." not in other.get(f"/cases/{case_id}").text
    share(world, case_id, "health", InfoType.MEASURES)
    assert "Det går bedre." in other.get(f"/cases/{case_id}").text
