"""Which pages are taken. `{…}` in an address is filled from the seeded town."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shot:
    name: str
    path: str
    is_signed_in: bool = True
    by: str = ""  # a colleague, by the end of their session's secret


PAGES = (
    Shot("landing", "/", is_signed_in=False),
    Shot("sign-in", "/dashboard/sign-in", is_signed_in=False),
    Shot("sign-up", "/dashboard/sign-up", is_signed_in=False),
    Shot("forgot", "/dashboard/forgot", is_signed_in=False),
    Shot("sent", "/dashboard/sign-up/sent", is_signed_in=False),
    Shot("verify", "/dashboard/verify?code={verify}", is_signed_in=False),
    Shot("reset", "/dashboard/reset?code={reset}", is_signed_in=False),
    Shot("confirm-email", "/dashboard/confirm-email?code={change_email}", is_signed_in=False),
    Shot("invitation", "/dashboard/invitation?code={invite}", is_signed_in=False),
    Shot("invitation-another", "/dashboard/invitation?code={invite}"),
    Shot("invitation-own", "/dashboard/invitation?code={invite_own}"),
    Shot("mailbox", "/dashboard/mailbox", is_signed_in=False),
    Shot("shared", "/dashboard/s/{share}", is_signed_in=False),
    Shot("studio", "/dashboard/studio"),
    Shot("studio-viewer", "/dashboard/studio", by="-ana"),
    Shot("gallery", "/dashboard/gallery"),
    Shot("film", "/dashboard/gallery/{film}"),
    Shot("film-tall", "/dashboard/gallery/{tall}"),
    Shot("film-failed", "/dashboard/gallery/{failed}"),
    Shot("keys", "/dashboard/keys"),
    Shot("credits", "/dashboard/credits"),
    Shot("thanks", "/dashboard/credits/thanks?payment={paid}"),
    Shot("thanks-not", "/dashboard/credits/thanks?payment={expired}"),
    Shot("usage", "/dashboard/credits/usage"),
    Shot("webhooks", "/dashboard/webhooks"),
    Shot("deliveries", "/dashboard/webhooks/deliveries"),
    Shot("delivery", "/dashboard/webhooks/deliveries/{delivery}"),
    Shot("limits", "/dashboard/limits"),
    Shot("team", "/dashboard/team"),
    Shot("profile", "/dashboard/profile"),
    Shot("account-disabled", "/dashboard/studio", by="-off"),
    Shot("accounts", "/dashboard/accounts"),
    Shot("export", "/dashboard/account/export"),
    Shot("delete-account", "/dashboard/account/delete"),
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
