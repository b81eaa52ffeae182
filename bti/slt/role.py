"""Who somebody is on the network side. One account has one role."""

from enum import StrEnum


class NetworkRole(StrEnum):
    """What an account is for. Only the coordinator writes plans, bodies and minutes."""

    COORDINATOR = "slt_coordinator"
    #: Sits in one or more bodies, by a function.
    MEMBER = "slt_body_member"
    #: Reads what a politiråd works from: published numbers, the plan, its finished minutes.
    COUNCIL_READER = "slt_council_reader"
