"""Every route of the dashboard: one line a section."""

from doitong.doors.dashboard import (
    credits,
    entrance,
    generations,
    home,
    keys,
    limits,
    mailbox,
    profile,
    sharing,
    stripe,
    studio,
    team,
)

ROUTES = (
    *keys.ROUTES,
    *credits.ROUTES,
    *limits.ROUTES,
    *stripe.ROUTES,
    *home.ROUTES,
    *studio.ROUTES,
    *generations.ROUTES,
    *sharing.ROUTES,
    *entrance.ROUTES,
    *mailbox.ROUTES,
    *profile.ROUTES,
    *team.ROUTES,
)
