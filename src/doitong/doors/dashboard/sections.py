"""Every route of the dashboard: one line a section."""

from doitong.doors.dashboard import credits, generations, home, keys, limits, sharing, stripe, studio

ROUTES = (
    *keys.ROUTES,
    *credits.ROUTES,
    *limits.ROUTES,
    *stripe.ROUTES,
    *home.ROUTES,
    *studio.ROUTES,
    *generations.ROUTES,
    *sharing.ROUTES,
)
