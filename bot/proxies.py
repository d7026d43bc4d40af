"""Who asks, behind a proxy that stands on another machine: what it says of them, if it is ours.

Limits count by address: without this, all phones behind a load balancer would count as one.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Networks = Sequence[IPv4Network | IPv6Network]


def behind(proxies: Networks) -> Middleware:
    """A middleware that gives each request from one of our proxies its sender's address.

    It is the last one in `X-Forwarded-For`: the proxy's own word; what stands before, anybody can
    write.

    Args:
        proxies: networks of the proxies; this machine's own need not be among them.
    """

    @web.middleware
    async def named(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _among(request.remote or "", proxies):
            return await handler(request)
        said = ",".join(request.headers.getall("X-Forwarded-For", ()))
        sender = said.rpartition(",")[2].strip()
        return await handler(request.clone(remote=sender) if sender else request)

    return named


def _among(address: str, networks: Networks) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in networks)
