"""Every route of the dashboard: one line a section."""

from doitong.doors.dashboard import (
    closing,
    credits,
    entrance,
    generations,
    home,
    keys,
    limits,
    mailbox,
    operator,
    profile,
    sharing,
    single_sign_on,
    stripe,
    studio,
    team,
    webhooks,
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
    *single_sign_on.ROUTES,
    *closing.ROUTES,
    *mailbox.ROUTES,
    *profile.ROUTES,
    *team.ROUTES,
    *webhooks.ROUTES,
    *operator.ROUTES,
)
