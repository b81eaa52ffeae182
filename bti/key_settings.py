"""The settings of key providers: which one keeps the root key, and what each needs to be reached.

Part of bti.settings.Settings. No secret is a setting here except the one the environment may lend for a start.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

Provider = Literal["file", "cred", "pkcs11", "transit", "plugin"]
Start = Literal["auto", "sealed"]


class KeySettings(BaseSettings):
    """Everything about where root keys are. None of it may be set with serve=network."""

    key_provider: Annotated[
        Provider,
        Field(
            description="Where the root key is kept: `file`, `cred` (a credential of the service), "
            "`pkcs11` (a hardware module), `transit` (OpenBao or Vault) or `plugin`."
        ),
    ] = "file"
    key_start: Annotated[
        Start,
        Field(
            description="`auto`, or `sealed`: the provider stays closed until enough people have "
            "given their shares of its start secret."
        ),
    ] = "auto"
    unseal_socket: Annotated[
        Path | None,
        Field(
            description="Where `bti serve` takes shares, with `sealed` and without `keyd_socket`. "
            "For its own user and root alone.",
            json_schema_extra={"shown_default": "{var_dir}/unseal.sock"},
        ),
    ] = None
    root_ref: Annotated[
        str,
        Field(
            description="The root key that new things are wrapped under, for `pkcs11` and `transit`.",
            pattern=r"^[a-z0-9]+(?:[/-][a-z0-9]+)*$",
            max_length=60,
        ),
    ] = "stafett/root/1"
    root_key_passphrase_file: Annotated[
        Path | None,
        Field(
            description="File with the passphrase that locks the root key file or the credential. "
            "Without it they are not locked."
        ),
    ] = None
    credential_file: Annotated[
        Path | None,
        Field(
            description="For `cred`: the credential with the root key.",
            json_schema_extra={"shown_default": "$CREDENTIALS_DIRECTORY/root.key"},
        ),
    ] = None
    allow_env_key: Annotated[
        bool,
        Field(
            description="For `cred`: allow `BTI_ROOT_KEY`. Whoever may look into the process that "
            "started this one can read it there."
        ),
    ] = False
    root_key: Annotated[
        SecretStr | None,
        Field(
            description="For `cred`: the root key itself, as the line of a root key file. Taken out "
            "of the environment at once; needs `BTI_ALLOW_ENV_KEY=1`.",
            repr=False,
        ),
    ] = None
    pkcs11_module: Annotated[
        Path | None, Field(description="For `pkcs11`: the maker's library (`.so`).")
    ] = None
    pkcs11_token: Annotated[str, Field(description="For `pkcs11`: the label of the token.")] = ""
    pkcs11_pin_file: Annotated[
        Path | None,
        Field(description="For `pkcs11`: file with the user PIN. Not used with `sealed`."),
    ] = None
    transit_url: Annotated[
        str, Field(description="For `transit`: address of the service, `https://host[:port]`.")
    ] = ""
    transit_ca_file: Annotated[
        Path | None,
        Field(
            description="For `transit`: the only CA that is trusted.",
            json_schema_extra={"shown_default": "those of the system"},
        ),
    ] = None
    transit_mount: Annotated[
        str,
        Field(
            description="For `transit`: where the engine is mounted.",
            pattern=r"^[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*$",
        ),
    ] = "transit"
    transit_role_id: Annotated[
        str, Field(description="For `transit`: the role to sign in as, with AppRole.")
    ] = ""
    transit_secret_file: Annotated[
        Path | None,
        Field(
            description="For `transit`: file with the role's secret id, or without a role with a "
            "token. Not used with `sealed`."
        ),
    ] = None
    key_plugin: Annotated[
        str, Field(description="For `plugin`: the provider's class, `package.module:Class`.")
    ] = ""
    key_plugin_file: Annotated[
        Path | None,
        Field(description="For `plugin`: file with its own settings, a JSON object of texts."),
    ] = None

    @field_validator("transit_url")
    @classmethod
    def _encrypted(cls, url: str) -> str:
        if url and not url.startswith("https://"):
            raise ValueError("must begin with https://")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        sealed = self.key_start == "sealed"
        needed: dict[Provider, dict[str, object]] = {
            "file": {},
            "cred": {"credential_file": self.credential_file or self.root_key},
            "pkcs11": {
                "pkcs11_module": self.pkcs11_module,
                "pkcs11_token": self.pkcs11_token,
                "pkcs11_pin_file": sealed or self.pkcs11_pin_file,
            },
            "transit": {
                "transit_url": self.transit_url,
                "transit_secret_file": sealed or self.transit_secret_file,
            },
            "plugin": {"key_plugin": self.key_plugin},
        }
        missing = [name for name, value in needed[self.key_provider].items() if not value]
        if missing:
            raise ValueError(f"{missing[0]} must be set with key_provider={self.key_provider}")
        if self.root_key is not None and not self.allow_env_key:
            raise ValueError("root_key may not be set without allow_env_key=1")
        if sealed and self.key_provider == "plugin":
            raise ValueError("key_start=sealed is not for key_provider=plugin")
        return self
