"""Who asks: the network address behind a proxy, whether the page is ours, the account's cookie."""

from dataclasses import dataclass
from http.cookies import Morsel
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from aiohttp import web

from bot.channels.web.keys import ID_RE, Keys

COOKIE = "lt"
YEAR_S = 400 * 24 * 3600  # browsers keep a cookie 400 days at most


@dataclass(frozen=True, slots=True)
class Doorman:
    """Checks requests and hands out cookies.

    Attributes:
        host: host and port of the school's public address; "" if it has none.
        secure: whether that address is https, so that a cookie never travels in the clear.
    """

    keys: Keys
    host: str
    secure: bool

    def is_ours(self, request: web.Request) -> bool:
        """Whether a POST comes from a page of ours: browsers name the page's origin.

        By http another network may write the page of an https address.
        """
        origin = urlsplit(request.headers.get("Origin", ""))
        if self.secure and origin.scheme != "https":
            return False
        return origin.netloc != "" and origin.netloc in {request.host, self.host.lower()}

    def account(self, request: web.Request) -> str | None:
        """The account of the address, if the request's cookie proves it."""
        account = request.match_info["id"]
        token = request.cookies.get(COOKIE, "")
        known = ID_RE.fullmatch(account) and self.keys.proves(account, token)
        return account if known else None

    def opened(self, request: web.Request, code: str) -> str | None:
        """The account that this personal link has opened on this device before."""
        return self.keys.opened(code, request.cookies.get(COOKIE, ""))

    def let_in(self, response: web.StreamResponse, account: str) -> None:
        """Give the account's cookie, sent back to its own addresses only.

        One cookie for the whole site would make all persons of a device one.
        """
        self._give(response, f"/c/{account}/", self.keys.token(account))

    def remember(self, response: web.StreamResponse, code: str, account: str) -> None:
        """Let the personal link lead back to this account on this device."""
        self._give(response, f"/v/{code}", self.keys.door(code, account))

    def _give(self, response: web.StreamResponse, path: str, value: str) -> None:
        """One more cookie; by hand, since aiohttp keeps one of a name, whatever its path."""
        morsel: Morsel[str] = Morsel()
        morsel.set(COOKIE, value, value)
        # Strict would lock out who comes from a messenger's link.
        morsel.update({"path": path, "max-age": str(YEAR_S), "samesite": "Lax"})
        morsel.update({"httponly": "1", **({"secure": "1"} if self.secure else {})})
        response.headers.add("Set-Cookie", morsel.OutputString())


def address_of(request: web.Request) -> str:
    """The network address of who asks, as it is counted: an IPv6 one by its network.

    Behind a proxy on this machine it is what the proxy says, which is last: what stands before, in
    the same header or one above, anybody can write. A home has 2**64 addresses of IPv6.
    """
    remote = _parsed(request.remote or "")
    said = ",".join(request.headers.getall("X-Forwarded-For", ()))
    named = _parsed(said.rpartition(",")[2].strip()) if remote and remote.is_loopback else None
    found = named or remote
    if isinstance(found, IPv6Address):
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found or "")


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address; an IPv4 one that came in by IPv6 is itself. None if it is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
