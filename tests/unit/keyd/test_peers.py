"""Which process may ask for what, written again by hand, and who a process is."""

import os
import pwd
import socket

import pytest

from bti.keyd.peers import (
    ALLOWED,
    SYSTEM_SIDES,
    WORKED,
    AllowList,
    NoSuchUserError,
    Peer,
    Side,
)

SIGNING = "sign verifier_key"
BY_HAND = {
    "web": "subject open may_see new_case new_compartments open_core new_own open_own list_own forget_own"
    " open_directory check grant prove_code prove_own_code spend_proof use_approval username_token"
    " national_id_token settle new_review open_review watch",
    "work": "open_ops open_addresses check baits_among kin new_review grant",
    "log": "",
    "admin": "create_tenant open_directory open_ops check grant use_approval username_token settle new_review"
    " baits_among bait_tokens kin status unseal unsealing",
}


def test_each_side_asks_for_what_it_does_and_no_more():
    written = {side: {*verbs.split(), *SIGNING.split()} for side, verbs in BY_HAND.items()}
    assert {side.value: set(verbs) for side, verbs in ALLOWED.items()} == written
    assert {side.value for side in SYSTEM_SIDES} == {"admin", "work"}
    assert set(WORKED) == {"controls", "control_findings"}


def test_users_are_listed_by_number_or_name():
    me = pwd.getpwuid(os.geteuid()).pw_name
    listed = AllowList.of({Side.WEB: " 70001 ,70002,", Side.LOG: me, Side.WORK: ""})
    assert listed.sides == {70001: Side.WEB, 70002: Side.WEB, os.geteuid(): Side.LOG}


@pytest.mark.parametrize("name", ["no-such-user-here", "7²", "-1", "٣"])
def test_a_user_that_is_not_known_is_not_listed(name):
    with pytest.raises(NoSuchUserError, match="there is no user called"):
        AllowList.of({Side.WEB: name})


def test_one_user_is_one_side():
    assert AllowList.of({Side.WEB: "70001,70001"}).sides == {70001: Side.WEB}
    with pytest.raises(NoSuchUserError, match="two sides"):
        AllowList.of({Side.WEB: "70001", Side.ADMIN: "70001"})


def test_the_kernel_says_who_has_connected():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        [peer] = {AllowList({os.geteuid(): Side.WORK}).peer(one) for one in (ours, theirs)}
        assert peer == Peer(os.geteuid(), os.getpid(), Side.WORK)
        listed = AllowList({os.geteuid() + 1: Side.WORK})
        assert listed.peer(ours) is None
        with pytest.raises(AttributeError):
            listed.sides = {os.geteuid(): Side.ADMIN}


def test_requests_are_counted_for_the_user_however_often_the_process_is_started():
    assert Peer(7, 1, Side.WEB).label == Peer(7, 2, Side.WEB).label == "web:7"
    assert Peer(7, 1, Side.WORK).label == "work:7"
    with pytest.raises(AttributeError):
        Peer(7, 1, Side.WEB).side = Side.ADMIN
