"""Being signed in to a key service: the token, its renewal, and signing in again when it has ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from bti.crypto.errors import ProviderUnavailable, Trouble
from bti.crypto.private_file import KeyFileRefused
from bti.crypto.transit_http import Answer, KeyServer

_OK: Final = 200
_UNAVAILABLE: Final = 503
# Renewed when two thirds of its time have passed, so that one failed renewal is not the end.
_RENEW_AFTER: Final = 2 / 3


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to sign in: AppRole with ``role_id``, or a token made by others when that is None.

    ``read_secret`` reads the secret id or the token each time it is needed; it may raise KeyFileRefused.
    """

    role_id: str | None
    read_secret: Callable[[], str] = field(repr=False)
    role_mount: str = "approle"


@dataclass(frozen=True, slots=True)
class _Held:
    """A token and when it must be renewed; ``renew_at`` None: it does not end."""

    token: str = field(repr=False)
    renew_at: float | None


class TransitToken:
    """Gives a token that holds, as far as can be known.

    May be used by many threads, and after a fork: there is no lock, and the worst a race does is to sign
    in twice.
    """

    def __init__(
        self, server: KeyServer, credentials: Credentials, clock: Callable[[], float]
    ) -> None:
        """Sign in to ``server`` at first use. ``clock`` in seconds, never back."""
        self._server = server
        self._credentials = credentials
        self._clock = clock
        self._held: _Held | None = None

    def current(self) -> str:
        """The token, renewed or made anew when its time has come. ProviderUnavailable."""
        held = self._held
        if held is None:
            return self._sign_in().token
        if held.renew_at is not None and self._clock() >= held.renew_at:
            return self._renewed(held).token
        return held.token

    def anew(self) -> str:
        """A token after the present one was refused. ProviderUnavailable when none can be had.

        One that still holds is given back: it was not the token that was refused.
        """
        held = self._held
        if held is not None and self._look_up(held.token).status == _OK:
            return held.token
        return self._sign_in().token

    def check(self) -> None:
        """See that the service lets us in now. ProviderUnavailable."""
        answer = self._look_up(self.current())
        if answer.status != _OK:
            self._sign_in()

    def _look_up(self, token: str) -> Answer:
        return self._server.call("GET", "auth/token/lookup-self", None, token)

    def _sign_in(self) -> _Held:
        self._held = None
        try:
            secret = self._credentials.read_secret()
        except KeyFileRefused:
            raise ProviderUnavailable(Trouble.NOT_LET_IN) from None
        if self._credentials.role_id is None:
            data = _let_in(self._look_up(secret)).data()
            ttl, renewable = data.get("ttl"), data.get("renewable")
            self._held = self._hold(secret, ttl, renewable=renewable is True)
        else:
            answer = self._server.call(
                "POST",
                f"auth/{self._credentials.role_mount}/login",
                {"role_id": self._credentials.role_id, "secret_id": secret},
                None,
            )
            self._held = self._from_auth(_let_in(answer))
        return self._held

    def _renewed(self, held: _Held) -> _Held:
        answer = self._server.call("POST", "auth/token/renew-self", {}, held.token)
        if answer.status != _OK:
            return self._sign_in()
        self._held = self._from_auth(answer)
        return self._held

    def _from_auth(self, answer: Answer) -> _Held:
        auth: Any = answer.body.get("auth")
        token = auth.get("client_token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not token:
            raise ProviderUnavailable(Trouble.NOT_AS_NEEDED)
        return self._hold(token, auth.get("lease_duration"), renewable=True)

    def _hold(self, token: str, seconds: object, *, renewable: bool) -> _Held:
        lasts = seconds if isinstance(seconds, int) and seconds > 0 else None
        # One that cannot be renewed is used until it is refused, and then read again.
        ends = lasts is not None and renewable
        return _Held(token, self._clock() + lasts * _RENEW_AFTER if ends and lasts else None)

    def __getstate__(self) -> NoReturn:
        """Refuse to be copied or pickled (TypeError)."""
        raise TypeError("A token is never copied or pickled.")


def _let_in(answer: Answer) -> Answer:
    if answer.status == _UNAVAILABLE:
        raise ProviderUnavailable(Trouble.SEALED)
    if answer.status >= 500:  # noqa: PLR2004 - HTTP's border between ours and theirs
        raise ProviderUnavailable(Trouble.UNREACHABLE)
    if answer.status != _OK:
        raise ProviderUnavailable(Trouble.NOT_LET_IN)
    return answer
