"""The OpenID Connect issuer that the operator configured: discovery, the code flow with PKCE, the ID token's proof.

OpenID Connect Core 1.0 §3.1, RFC 7636 (S256), RFC 9700. An ID token counts when its signature is by a key that the
issuer publishes, with an algorithm of our list (never `none`, never a shared secret), and issuer, audience, nonce and
time are right. What the issuer answers is bounded.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, Rule, rule
from doitong.members.flow import Flow, Person

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
TIMEOUT_SECONDS = 10.0
ANSWER_BYTES_MAXIMUM = 512 * 1024
KEPT_FOR = timedelta(hours=1)
KEYS_PAUSE = timedelta(seconds=30)  # between two looks for a key that is not known
LEEWAY_SECONDS = 60
SCOPE = "openid email profile"

AWAY = rule("it does not answer as it should", "ne odgovarja, kot bi moral")
TOKEN_BAD = rule("its word could not be proven", "njegove besede ni bilo mogoče preveriti")
CODE_REFUSED = rule("it did not take the code", "kode ni sprejel")


class Issuer:
    """`redirect_uri` is where the issuer sends people back to."""

    def __init__(
        self, clock: Clock, address: str, client_id: str, client_secret: str, name: str, redirect_uri: str
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("DOITONG_OIDC_ISSUER must be an https:// address")
        self._clock, self._address, self.name = clock, address, name
        self._client_id, self._client_secret, self._redirect_uri = client_id, client_secret, redirect_uri
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)
        self._metadata: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    async def close(self) -> None:
        await self._http.aclose()

    async def authorization_url(self, flow: Flow) -> str:
        """Where to send the browser. Raises SIGN_IN_ELSEWHERE_FAILED."""
        endpoint = str((await self._discover())["authorization_endpoint"])
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": SCOPE,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def redeem(self, code: str, flow: Flow) -> Person:
        """Who the issuer says it is. Raises SIGN_IN_ELSEWHERE_FAILED."""
        metadata = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": flow.verifier,
        }
        supported = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic = None
        if self._client_secret and "client_secret_basic" in supported:
            basic = httpx.BasicAuth(self._client_id, self._client_secret)
        else:
            form["client_id"] = self._client_id
            if self._client_secret:
                form["client_secret"] = self._client_secret
        request = self._http.build_request("POST", str(metadata["token_endpoint"]), data=form)
        answer = await self._ask(request, CODE_REFUSED, basic)
        claims = await self._prove(str(answer.get("id_token") or ""), flow.nonce)
        return Person(
            issuer=self._address,
            subject=str(claims["sub"]),
            email=str(claims.get("email") or ""),
            is_email_verified=claims.get("email_verified") is True,
            name=str(claims.get("name") or ""),
        )

    async def _prove(self, token: str, nonce: str) -> dict[str, Any]:
        try:
            try:
                decoded = jwt.decode(token, await self._key_set(), algorithms=ALGORITHMS)
            except (JoseError, ValueError):  # perhaps by a key that is new
                decoded = jwt.decode(token, await self._key_set(anew=True), algorithms=ALGORITHMS)
            claims = decoded.claims
            jwt.JWTClaimsRegistry(
                now=int(self._clock.now().timestamp()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._address},
                aud={"essential": True, "value": self._client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise self.failed(TOKEN_BAD) from error
        party, audience = claims.get("azp"), claims["aud"]
        if (party is not None or (isinstance(audience, list) and len(audience) > 1)) and party != self._client_id:
            raise self.failed(TOKEN_BAD)
        return dict(claims)

    async def _discover(self) -> dict[str, Any]:
        now = self._clock.now()
        if self._metadata is None or now - self._metadata[0] > KEPT_FOR:
            address = f"{self._address.rstrip('/')}/.well-known/openid-configuration"
            found = await self._ask(self._http.build_request("GET", address), AWAY)
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found.get("issuer") != self._address or not all(isinstance(found.get(name), str) for name in needed):
                raise self.failed(AWAY)
            self._metadata = (now, found)
        return self._metadata[1]

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        now = self._clock.now()
        age = now - self._keys[0] if self._keys else None
        if self._keys is None or age is None or age > (KEYS_PAUSE if anew else KEPT_FOR):
            address = str((await self._discover())["jwks_uri"])
            found = await self._ask(self._http.build_request("GET", address), AWAY)
            self._keys = (now, KeySet.import_key_set(found))  # type: ignore[arg-type]  # checked as it is read
        return self._keys[1]

    async def _ask(self, request: httpx.Request, reason: Rule, basic: httpx.BasicAuth | None = None) -> dict[str, Any]:
        """A JSON object, of bounded size."""
        try:
            answer = await self._http.send(request, auth=basic, stream=True)
            try:
                content = bytearray()
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > ANSWER_BYTES_MAXIMUM:
                        raise self.failed(AWAY)
            finally:
                await answer.aclose()
            found = orjson.loads(content) if answer.is_success else None
        except (httpx.HTTPError, ValueError) as error:
            raise self.failed(AWAY) from error
        if not isinstance(found, dict):
            raise self.failed(reason)
        return found

    def failed(self, reason: Rule) -> DoitongError:
        return DoitongError("SIGN_IN_ELSEWHERE_FAILED", issuer=self.name, reason=reason)
