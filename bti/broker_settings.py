"""The settings of the key broker: where it is, who may ask it, and how much.

Part of bti.settings.Settings. Without `keyd_socket` the broker works inside the process.
"""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

_USERS = "User names or ids, with commas between, that `bti keyd` answers as "


class BrokerSettings(BaseSettings):
    """Everything about the key broker."""

    keyd_socket: Annotated[
        Path | None,
        Field(
            description="Socket of `bti keyd`, for a process that asks it. Such a process may have "
            "no key: `root_key_file` and every other key setting may not be set. PostgreSQL only."
        ),
    ] = None
    keyd_listen: Annotated[
        Path | None,
        Field(
            description="For `bti keyd` itself: the socket it makes, unless systemd gives it one."
        ),
    ] = None
    keyd_web_users: Annotated[str, Field(description=_USERS + "`bti serve`.")] = ""
    keyd_work_users: Annotated[str, Field(description=_USERS + "`bti work`.")] = ""
    keyd_log_users: Annotated[str, Field(description=_USERS + "`bti logd`.")] = ""
    keyd_admin_users: Annotated[
        str, Field(description=_USERS + "operators on the command line.")
    ] = ""
    quota_cases_hour: Annotated[
        int, Field(description="Different cases one person may open in an hour.", ge=1)
    ] = 30
    quota_cases_day: Annotated[
        int, Field(description="Different cases one person may open in a day.", ge=1)
    ] = 100
    quota_lists_day: Annotated[
        int,
        Field(
            description="Different children whose names one person may see in lists in a day.", ge=1
        ),
    ] = 600
    quota_index_minute: Annotated[
        int, Field(description="Look-ups by national id one person may make in a minute.", ge=1)
    ] = 10
    quota_peer_minute: Annotated[
        int,
        Field(description="Openings one process may ask `bti keyd` for in a minute.", ge=1),
    ] = 300
    quota_tenant_minute: Annotated[
        int, Field(description="Openings in one municipality in a minute.", ge=1)
    ] = 1200

    @model_validator(mode="after")
    def _asks_or_answers(self) -> Self:
        if self.keyd_socket is not None and self.keyd_listen is not None:
            raise ValueError("keyd_socket and keyd_listen are for two processes")
        return self
