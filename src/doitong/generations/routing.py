"""Which engine a generation goes to: the first of its service's that offers what is asked, and who comes after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from doitong.catalogue.model import Version
from doitong.catalogue.services import SERVICES
from doitong.core.errors import InvalidParameter, one_of, rule
from doitong.engines.port import Offer, Wish
from doitong.generations.model import Lane

NOT_OFFERED = rule(
    "is not offered by the engine of this service in this combination",
    "v tej kombinaciji ni na voljo pri pogonu te storitve",
)


@dataclass(frozen=True, slots=True)
class Route:
    """One engine that may serve a service, and the lane in which it works."""

    engine: str
    lane: Lane


@dataclass(frozen=True)
class Routing:
    """The engines of every service in order, and the tables of those that do not offer everything."""

    routes: dict[str, tuple[Route, ...]]
    offers: Mapping[str, Offer] = field(default_factory=dict)

    def first(self, service: str, wish: Wish, shown: Mapping[str, str] | None = None) -> Route:
        """Where a new generation goes. Raises `InvalidParameter`, by the caller's own word, where nobody offers it."""
        missing = None
        for route in self.routes[service]:
            offer = self.offers.get(route.engine)
            missing = offer.missing(wish) if offer else None
            if missing is None:
                return route
        assert missing is not None
        allowed = one_of([Version.GEN_4.value]) if missing == "version" else NOT_OFFERED
        raise InvalidParameter((shown or {}).get(missing, missing), allowed)

    def after(self, service: str, engine: str, wish: Wish) -> Route | None:
        """Who may have what `engine` was proven not to have accepted."""
        routes = self.routes.get(service, ())
        names = [route.engine for route in routes]
        rest = routes[names.index(engine) + 1 :] if engine in names else ()
        offers = ((route, self.offers.get(route.engine)) for route in rest)
        return next((route for route, offer in offers if offer is None or offer.missing(wish) is None), None)

    def has_after(self, engine: str) -> bool:
        """Whether some service has another engine behind this one."""
        return any(route.engine == engine for routes in self.routes.values() for route in routes[:-1])

    def pool(self, engine: str, wish: Wish) -> str | None:
        offer = self.offers.get(engine)
        return offer.pool(wish) if offer else None

    def engines(self) -> set[str]:
        """Every engine that may be asked for a new generation."""
        return {route.engine for routes in self.routes.values() for route in routes}


def read_routes(
    overrides: str, lanes: Mapping[str, Lane], defaults: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[Route, ...]]:
    """The engines of each service, in order, that this installation has.

    `overrides` is the setting `runway=studio,scripted;runway-i2v=studio`; `defaults` stand where it says nothing.
    Raises ValueError with the reason.
    """
    orders = {service.id: defaults.get(service.id, service.engines) for service in SERVICES.values()}
    for part in filter(None, (item.strip() for item in overrides.split(";"))):
        service, _, names = part.partition("=")
        if service.strip() not in orders:
            raise ValueError(f"DOITONG_SERVICE_ENGINES names an unknown service: {service.strip()!r}")
        orders[service.strip()] = tuple(name.strip() for name in names.split(",") if name.strip())
    routes = {}
    for service_id, names_in_order in orders.items():
        routes[service_id] = tuple(Route(name, lanes[name]) for name in names_in_order if name in lanes)
        if not routes[service_id]:
            raise ValueError(f"no engine for service {service_id!r} among {list(names_in_order)}; have {sorted(lanes)}")
    return routes
