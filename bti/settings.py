"""What an operator may set: environment BTI_* and a secrets directory, nothing else.

Rule for defaults: safe in production and harmless in public, or none. Opens and makes nothing.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from bti.broker_settings import BrokerSettings
from bti.key_settings import KeySettings
from bti.mail_settings import MailSettings, is_loopback
from bti.papers import PaperSettings

PREFIX = "BTI_"
SECRETS_DIR = "BTI_SECRETS_DIR"

# Folders in var_dir that are copied and sent away.
_DATA_FOLDERS = ("attachments", "backup", "backups", "export", "files")
# Where systemd puts a service's credentials.
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_ROOT_KEY = PREFIX + "ROOT_KEY"
_LENT: dict[str, Any] = {}

Serve = Literal["all", "case", "network"]
Mode = Literal["production", "demo", "test"]
Language = Literal["nb", "nn", "en"]
AuditLog = Literal["inline", "sequenced"]


class SettingsError(Exception):
    """The settings cannot be used; the message has one line per fault and no secret."""


class SettingRow(NamedTuple):
    """One line of `bti settings` and of docs/settings.md."""

    name: str
    default: str
    meaning: str
    value: str


@dataclass(frozen=True, slots=True)
class CaseSide:
    """What only a process that serves cases has."""

    database_url: str
    root_key_file: Path
    blob_dir: Path


class Settings(BrokerSettings, KeySettings, MailSettings, PaperSettings):
    """Everything that differs between installations. Never changes after start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        # A wrong value may be a password in a URL; messages name the setting, not the value.
        hide_input_in_errors=True,
    )

    mode: Annotated[
        Mode,
        Field(
            description="`production`, `demo` (synthetic persons, one-click sign-in, loopback "
            "only) or `test`."
        ),
    ] = "production"
    serve: Annotated[
        Serve,
        Field(
            description="Which side this process serves: `case`, `network` (SLT: no case database "
            "and no key) or `all`."
        ),
    ] = "all"
    var_dir: Annotated[
        Path,
        Field(
            description="Folder for what the installation writes; relative to the working directory.",
            json_schema_extra={"shown_default": "var"},
        ),
    ] = Path("var")
    database_url: Annotated[
        str | None,
        Field(
            description="The case database, `sqlite:///…` or `postgresql+psycopg://…`. May not be "
            "set with `serve=network`.",
            repr=False,
            json_schema_extra={"shown_default": "sqlite:///{var_dir}/stafett.sqlite"},
        ),
    ] = None
    slt_database_url: Annotated[
        str,
        Field(
            description="The network side's own database, same forms.",
            repr=False,
            json_schema_extra={"shown_default": "sqlite:///{var_dir}/slt.sqlite"},
        ),
    ] = ""
    root_key_file: Annotated[
        Path | None,
        Field(
            description="File with the root key, mode 0600, made at first start. May not be set "
            "with `serve=network`.",
            json_schema_extra={"shown_default": "{var_dir}/keys/root.key"},
        ),
    ] = None
    blob_dir: Annotated[
        Path | None,
        Field(
            description="Folder for the sealed files that are attached to cases. May not be set "
            "with `serve=network`.",
            json_schema_extra={"shown_default": "{var_dir}/blobs"},
        ),
    ] = None
    attachment_mib: Annotated[
        int, Field(description="Largest attached file, in mebibytes.", ge=1, le=100)
    ] = 20
    case_attachments: Annotated[
        int,
        Field(description="Most attached files in one case, all versions counted.", ge=1, le=2000),
    ] = 200
    host: Annotated[str, Field(description="Address to listen on.", min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(description="Port to listen on.", ge=1, le=65535)] = 5000
    base_url: Annotated[
        str,
        Field(
            description="The address people use, without a path. `https` and required in production.",
            json_schema_extra={"shown_default": "none in production, else http://127.0.0.1:{port}"},
        ),
    ] = ""
    trusted_proxies: Annotated[
        int,
        Field(
            description="How many reverse proxies in front may be believed about address and scheme.",
            ge=0,
            le=5,
        ),
    ] = 0
    session_idle_minutes: Annotated[
        int, Field(description="Minutes without use before a session ends.", ge=1, le=120)
    ] = 20
    session_absolute_minutes: Annotated[
        int, Field(description="Minutes before a session ends in any case.", ge=5, le=1440)
    ] = 480
    audit_log: Annotated[
        AuditLog,
        Field(
            description="How entries get their place in the access log: `inline`, in their own "
            "transaction, or `sequenced`, by `bti logd` (PostgreSQL only; for more than a few "
            "people at once)."
        ),
    ] = "inline"
    signer_dir: Annotated[
        Path | None,
        Field(
            description="Folder of the access log's signer: its keys when sequenced, and how far it "
            "has signed. Never restore it from a backup.",
            json_schema_extra={"shown_default": "{var_dir}/signer"},
        ),
    ] = None
    signer_socket: Annotated[
        Path | None,
        Field(
            description="Socket file of a signer that runs as a process of its own (`bti signer "
            "serve`); without it `bti logd` signs itself.",
            json_schema_extra={"shown_default": "none"},
        ),
    ] = None
    witnesses: Annotated[
        str,
        Field(
            description="Who witnesses the access log: address and public key of each, between "
            "spaces.",
            json_schema_extra={"shown_default": "none"},
        ),
    ] = ""
    language: Annotated[
        Language,
        Field(description="Language until the profile or the person says otherwise."),
    ] = "nb"

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: dict[str, Any]) -> dict[str, Any]:
        var_dir = Path(given.get("var_dir", "var")).resolve()
        defaults: dict[str, Any] = {
            "slt_database_url": f"sqlite:///{var_dir}/slt.sqlite",
            "signer_dir": var_dir / "signer",
        }
        if given.get("serve") != "network":
            defaults["database_url"] = f"sqlite:///{var_dir}/stafett.sqlite"
            if not given.get("keyd_socket"):
                defaults["root_key_file"] = var_dir / "keys" / "root.key"
            if handed_over := os.environ.get(_CREDENTIALS):
                defaults["credential_file"] = Path(handed_over) / "root.key"
            defaults["blob_dir"] = var_dir / "blobs"
        if given.get("mode", "production") != "production":
            defaults["base_url"] = f"http://127.0.0.1:{given.get('port', 5000)}"
        return defaults | given | {"var_dir": var_dir}

    @field_validator("database_url", "slt_database_url")
    @classmethod
    def _known_engine(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
        return url

    @field_validator("base_url")
    @classmethod
    def _only_an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.username is not None
            or parts.path.strip("/")
            or parts.query
            or parts.fragment
        ):
            raise ValueError("must be http(s)://host[:port] and nothing more")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _sides_are_apart(self) -> Self:
        if self.serve == "network":
            if self.database_url is not None:
                raise ValueError("database_url may not be set with serve=network")
            if self.root_key_file is not None:
                raise ValueError("root_key_file may not be set with serve=network")
            for name in (*KeySettings.model_fields, *MailSettings.model_fields):
                if name in self.model_fields_set:
                    raise ValueError(f"{name} may not be set with serve=network")
            if self.blob_dir is not None:
                raise ValueError("blob_dir may not be set with serve=network")
        if self.audit_log == "sequenced" and (self.database_url or "").startswith("sqlite"):
            raise ValueError("audit_log=sequenced needs PostgreSQL")
        if self.database_url == self.slt_database_url:
            raise ValueError("database_url and slt_database_url must be two databases")
        return self

    @model_validator(mode="after")
    def _mode_is_honest(self) -> Self:
        if self.mode == "production" and not self.base_url.startswith("https://"):
            raise ValueError("base_url must be set and begin with https:// in production")
        if self.mode == "demo" and not is_loopback(self.host):
            raise ValueError("host must be a loopback address in demo mode: anyone may sign in")
        if self.session_absolute_minutes < self.session_idle_minutes:
            raise ValueError(
                "session_absolute_minutes may not be shorter than session_idle_minutes"
            )
        return self

    @property
    def secure(self) -> bool:
        """Whether people reach us over https, so that cookies may be `__Host-` and Secure."""
        return self.base_url.startswith("https://")

    @property
    def csrf_secret_file(self) -> Path:
        """File with the form-token secret, mode 0600, made at first start."""
        return self.var_dir / "keys" / "csrf.key"

    @model_validator(mode="after")
    def _keys_are_elsewhere(self) -> Self:
        if self.keyd_socket is None:
            return self
        if self.root_key_file or self.root_key or self.key_provider != "file":
            raise ValueError("no key setting may be set with keyd_socket: bti keyd has the keys")
        if self.database_url is None or not self.database_url.startswith("postgresql"):
            raise ValueError("keyd_socket needs PostgreSQL: two processes write at once")
        return self

    def case_database(self) -> str:
        """The address of the case database; raises SettingsError with serve=network."""
        if self.database_url is None:
            raise SettingsError("this process serves the network side and has no case database")
        return self.database_url

    def blobs(self) -> Path:
        """The folder of attached files; raises SettingsError with serve=network."""
        self.case_database()
        return self.blob_dir or self.var_dir / "blobs"

    def case_side(self) -> CaseSide:
        """The case database and its key file; raises SettingsError where either is elsewhere."""
        if self.keyd_socket is not None:
            raise SettingsError("this process asks bti keyd and has no root key")
        if self.database_url is None or self.root_key_file is None or self.blob_dir is None:
            raise SettingsError("this process serves the network side and has no case database")
        return CaseSide(self.database_url, self.root_key_file, self.blob_dir)

    def database_directories(self) -> tuple[Path, ...]:
        """Where database files lie; none for a database server."""
        urls = (self.database_url or "", self.slt_database_url)
        files = [url.removeprefix("sqlite:///") for url in urls if url.startswith("sqlite:///")]
        return tuple(Path(file).resolve().parent for file in files if file)

    def data_directories(self) -> tuple[Path, ...]:
        """Folders of data and backups, which a key may not lie in or below."""
        return tuple(self.var_dir / name for name in _DATA_FOLDERS)

    def describe(self) -> tuple[SettingRow, ...]:
        """Every setting with meaning, default and present value; passwords in URLs are hidden."""
        return tuple(row._replace(value=_shown(getattr(self, key))) for key, row in _rows())


def documented() -> tuple[SettingRow, ...]:
    """Every setting with meaning and default and an empty value, as docs/settings.md has them."""
    return tuple(row for _, row in _rows())


def load_settings() -> Settings:
    """The settings of this process: environment first, then files in BTI_SECRETS_DIR.

    A file there is named as the variable, in lower case (`bti_database_url`). Raises
    SettingsError for an unknown name, a value that does not fit, or settings that contradict.
    """
    lent = _lent_root_key()
    named = os.environ.get(SECRETS_DIR)
    directory = Path(named) if named else None
    if directory and not directory.is_dir():
        raise SettingsError(f"{SECRETS_DIR}: not a directory")
    files = {path.name for path in directory.iterdir()} if directory else set()
    _refuse_unknown(files | set(os.environ))
    try:
        return Settings(_secrets_dir=directory, **lent)
    except ValidationError as fault:
        raise SettingsError(_explained(fault)) from None


def _lent_root_key() -> dict[str, Any]:
    """The root key that the environment lent, taken out of it at the first look.

    Children and crash reports must not inherit it; a command that reads its settings twice still has it.
    """
    if found := os.environ.pop(_ROOT_KEY, ""):
        _LENT["root_key"] = SecretStr(found)
    return _LENT


def _refuse_unknown(names: set[str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {SECRETS_DIR}
    strangers = sorted(
        name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if strangers:
        raise SettingsError("\n".join(f"{name}: no such setting" for name in strangers))


def _explained(fault: ValidationError) -> str:
    lines = []
    for error in fault.errors(include_url=False, include_input=False, include_context=False):
        name = "".join(PREFIX + str(part).upper() for part in error["loc"][:1])
        message = error["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if name else message)
    return "\n".join(lines)


def _rows() -> tuple[tuple[str, SettingRow], ...]:
    rows = []
    # Pydantic puts inherited fields first; whoever reads wants the general ones before the keys'.
    fields = Settings.model_fields.items()
    later = {
        **BrokerSettings.model_fields,
        **KeySettings.model_fields,
        **MailSettings.model_fields,
    }
    for key, field in sorted(fields, key=lambda item: item[0] in later):
        extra = field.json_schema_extra
        shown = extra.get("shown_default") if isinstance(extra, dict) else None
        default = str(shown) if shown else str(field.default)
        rows.append((key, SettingRow(PREFIX + key.upper(), default, field.description or "", "")))
    return tuple(rows)


def _shown(value: object) -> str:
    if value is None:
        return ""
    text = str(value)
    if "://" not in text:
        return text
    parts = urlsplit(text)
    if parts.password is None:
        return text
    where = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{where}"))
