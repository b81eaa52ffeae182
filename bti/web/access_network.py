"""The rows of the route table for the network side: who there reads, and that the coordinator alone writes."""

from typing import Final

from bti.web.access_rules import (
    COUNCIL_ROLE,
    MEMBER_ROLE,
    NETWORK_ROLE,
    NETWORK_ROLES,
    Network,
    Public,
    RouteRule,
)

NETWORK: Final = RouteRule(Network())
_EVERYBODY_THERE: Final = RouteRule(Network(NETWORK_ROLES))
#: What a politiråd works from.
_COUNCIL: Final = RouteRule(Network(frozenset({NETWORK_ROLE, COUNCIL_ROLE})))
_MEMBER: Final = RouteRule(Network(frozenset({NETWORK_ROLE, MEMBER_ROLE})))
_PUBLIC: Final = RouteRule(Public())

# A new row is the coordinator's until somebody decides otherwise.
NETWORK_ROUTES: Final[dict[str, RouteRule]] = {
    "slt.appendix.download": _COUNCIL,
    "slt.appendix.list": _COUNCIL,
    "slt.appendix.new": NETWORK,
    "slt.appendix.remove": NETWORK,
    "slt.body.dissolve": NETWORK,
    "slt.body.edit": NETWORK,
    "slt.body.list": _EVERYBODY_THERE,
    "slt.body.new": NETWORK,
    "slt.body.show": _EVERYBODY_THERE,
    "slt.demo_sign_in": _PUBLIC,
    "slt.extend": _EVERYBODY_THERE,
    "slt.indicator.end": NETWORK,
    "slt.indicator.file": _COUNCIL,
    "slt.indicator.list": _COUNCIL,
    "slt.indicator.new": NETWORK,
    "slt.indicator.show": _COUNCIL,
    "slt.feed.end": _EVERYBODY_THERE,
    "slt.feed.make": _EVERYBODY_THERE,
    "slt.feed.read": _PUBLIC,
    "slt.feed.show": _EVERYBODY_THERE,
    "slt.meeting.action": NETWORK,
    "slt.meeting.addition": NETWORK,
    "slt.meeting.discard": NETWORK,
    "slt.meeting.edit": NETWORK,
    "slt.meeting.finish": NETWORK,
    "slt.meeting.follow_up": _MEMBER,
    "slt.meeting.new": NETWORK,
    "slt.meeting.share": NETWORK,
    "slt.meeting.show": _EVERYBODY_THERE,
    "slt.paper.release": _COUNCIL,
    "slt.paper.trends": _COUNCIL,
    "slt.plan.area": NETWORK,
    "slt.plan.edit": NETWORK,
    "slt.plan.evaluate": NETWORK,
    "slt.plan.history": NETWORK,
    "slt.plan.indicator": NETWORK,
    "slt.plan.latest": _COUNCIL,
    "slt.plan.measure": _COUNCIL,
    "slt.plan.new_area": NETWORK,
    "slt.plan.new_measure": NETWORK,
    "slt.plan.next": NETWORK,
    "slt.plan.reading": NETWORK,
    "slt.plan.show": _COUNCIL,
    "slt.plan.year": _COUNCIL,
    "slt.region": NETWORK,
    "slt.release": _COUNCIL,
    "slt.report.discard": NETWORK,
    "slt.report.download": _COUNCIL,
    "slt.report.edit": NETWORK,
    "slt.report.list": _COUNCIL,
    "slt.report.make": NETWORK,
    "slt.report.new": NETWORK,
    "slt.report.show": _COUNCIL,
    "slt.show": _COUNCIL,
    "slt.sign_in": _PUBLIC,
    "slt.sign_out": _EVERYBODY_THERE,
    "slt.trends": _COUNCIL,
    "slt.year.edit": NETWORK,
    "slt.year.end": NETWORK,
    "slt.year.mark": NETWORK,
    "slt.year.new": NETWORK,
    "slt.year.of": _EVERYBODY_THERE,
    "slt.year.show": _EVERYBODY_THERE,
    "slt.year.task": _EVERYBODY_THERE,
}
