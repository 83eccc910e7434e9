"""Which pages are taken. `{…}` in an address is filled from the seeded town."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shot:
    name: str
    path: str
    is_signed_in: bool = True


PAGES = (
    Shot("landing", "/", is_signed_in=False),
    Shot("sign-in", "/dashboard/sign-in", is_signed_in=False),
    Shot("sign-up", "/dashboard/sign-up", is_signed_in=False),
    Shot("forgot", "/dashboard/forgot", is_signed_in=False),
    Shot("mailbox", "/dashboard/mailbox", is_signed_in=False),
    Shot("shared", "/dashboard/s/{share}", is_signed_in=False),
    Shot("studio", "/dashboard/studio"),
    Shot("gallery", "/dashboard/gallery"),
    Shot("film", "/dashboard/gallery/{film}"),
    Shot("film-failed", "/dashboard/gallery/{failed}"),
    Shot("keys", "/dashboard/keys"),
    Shot("credits", "/dashboard/credits"),
    Shot("usage", "/dashboard/credits/usage"),
    Shot("webhooks", "/dashboard/webhooks"),
    Shot("deliveries", "/dashboard/webhooks/deliveries"),
    Shot("delivery", "/dashboard/webhooks/deliveries/{delivery}"),
    Shot("limits", "/dashboard/limits"),
    Shot("team", "/dashboard/team"),
    Shot("profile", "/dashboard/profile"),
    Shot("accounts", "/dashboard/accounts"),
    Shot("operator", "/dashboard/operator"),
    Shot("operator-accounts", "/dashboard/operator/accounts"),
    Shot("operator-account", "/dashboard/operator/accounts/{account}"),
    Shot("operator-engines", "/dashboard/operator/engines"),
    Shot("operator-unknown", "/dashboard/operator/unknown"),
    Shot("operator-deliveries", "/dashboard/operator/deliveries"),
    Shot("operator-payments", "/dashboard/operator/payments"),
    Shot("operator-prices", "/dashboard/operator/prices"),
    Shot("operator-audit", "/dashboard/operator/audit"),
    Shot("not-found", "/dashboard/nothing-here"),
)
