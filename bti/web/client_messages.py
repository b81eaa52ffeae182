"""What a refused rule about professional systems says; part of ``messages``."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

CLIENT: Final[Mapping[str, Any]] = {
    "client.ends_on": _l("The last day must be ahead, and at the latest:"),
    "client.no_name": _l("Write what the system is called."),
    "client.no_scope": _l("Choose at least one thing."),
    "client.other_content": _l("Something else was sent under the same key."),
}
