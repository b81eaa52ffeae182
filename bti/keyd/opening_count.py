"""The limits on one opening: everything counted, and what is written of it, in one question.

PostgreSQL does both in one statement; SQLite cannot, and counts first. Nothing is written of an
opening that is over a limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import (
    Integer,
    String,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from bti.db.models import BrokerCount, BrokerMark
from bti.db.types import UTCDateTime
from bti.keyd.plain_rows import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import (
        CTE,
        BindParameter,
        ColumnElement,
        Delete,
        FromClause,
        ScalarSelect,
        Table,
    )
    from sqlalchemy.orm import Session

#: In the order in which they are asked, and refused.
_RULES: Final = {
    "hour": "quota.cases-hour",
    "day": "quota.cases-day",
    "peer": "quota.peer-minute",
    "tenant": "quota.tenant-minute",
}

_MARKS: Final = cast("Table", BrokerMark.__table__)
_COUNTS: Final = cast("Table", BrokerCount.__table__)
_mark = _MARKS.c
_count = _COUNTS.c
_account: BindParameter[Any] = bindparam("account", type_=Uuid())
_case: BindParameter[Any] = bindparam("case", type_=Uuid())
_now: BindParameter[Any] = bindparam("now", type_=UTCDateTime())
_minute_ago: BindParameter[Any] = bindparam("minute_ago", type_=UTCDateTime())
_day_ago: BindParameter[Any] = bindparam("day_ago", type_=UTCDateTime())
_since: BindParameter[Any] = bindparam("since", type_=UTCDateTime())
_shard: BindParameter[Any] = bindparam("shard", type_=Integer())
_scopes: Final[tuple[BindParameter[Any], ...]] = tuple(
    bindparam(name, type_=String()) for name in ("peer", "tenant")
)
_opened_by = and_(_mark.account_id == _account, _mark.kind == "case", _mark.object_id != _case)


def _others(after: str) -> ScalarSelect[int]:
    """Count the other cases that the person has opened since."""
    recent = _mark.last_at > bindparam(after, type_=UTCDateTime())
    counted = select(func.count()).select_from(_MARKS)
    return counted.where(_opened_by, recent).scalar_subquery()


def _openings(scope: BindParameter[Any]) -> ScalarSelect[int]:
    """Count the openings of the last minute; none for a process that is not told of."""
    counted = select(func.coalesce(func.sum(_count.count), 0))
    return counted.where(_count.scope == scope, _count.since > _minute_ago).scalar_subquery()


_COUNTED: Final = select(
    _others("hour_ago").label("hour"),
    _others("day_ago").label("day"),
    *(_openings(scope).label(scope.key) for scope in _scopes),
)
_FORGOTTEN: Final[tuple[Delete, ...]] = (
    # Not the one that is written in the same statement.
    delete(_MARKS).where(_opened_by, _mark.last_at <= _day_ago),
    delete(_COUNTS).where(
        or_(*(_count.scope == scope for scope in _scopes)),
        _count.shard == _shard,
        _count.since <= _minute_ago,
    ),
)


def _written(insert: Callable[..., Any], room: ColumnElement[bool], *of: CTE) -> tuple[Any, ...]:
    """Return what writes the opening down, where there is room."""
    marked = select(_account, literal("case"), _case, _now).select_from(*of).where(room)
    scopes = union_all(*(select(scope.label("scope")) for scope in _scopes)).subquery("scopes")
    each: FromClause = scopes
    for one in of:
        each = each.join(one, true())
    counted = (
        select(scopes.c.scope, _since, _shard, literal(1))
        .select_from(each)
        .where(room, scopes.c.scope.is_not(None))
    )
    mark, count = insert(_MARKS), insert(_COUNTS)
    return (
        mark.from_select(
            ["account_id", "kind", "object_id", "last_at"], marked
        ).on_conflict_do_update(
            index_elements=["account_id", "kind", "object_id"],
            set_={"last_at": mark.excluded.last_at},
        ),
        count.from_select(["scope", "since", "shard", "count"], counted).on_conflict_do_update(
            index_elements=["scope", "since", "shard"],
            set_={"count": _count.count + 1},
        ),
    )


def _together() -> Any:  # noqa: ANN401 - a select with statements before it
    counted = _COUNTED.cte("counted")
    room = and_(*(counted.c[name] < bindparam(f"most_{name}") for name in _RULES))
    acts = (*_FORGOTTEN, *_written(postgresql.insert, room, counted))
    return select(counted).add_cte(*(act.cte(f"act_{at}") for at, act in enumerate(acts)))


_TOGETHER: Final = _together()
_APART: Final = (*_FORGOTTEN, *_written(sqlite.insert, true()))


def count_opening(session: Session, told: Mapping[str, Any]) -> str:
    """Count one opening; returns the rule of the limit that it is over, or nothing."""
    one_statement = session.get_bind().dialect.name == "postgresql"
    counted = ask(session, _TOGETHER if one_statement else _COUNTED, told)[0]
    for name, rule in _RULES.items():
        if getattr(counted, name) >= told[f"most_{name}"]:
            return rule
    if not one_statement:
        for act in _APART:
            session.connection().execute(act, told)
    return ""
