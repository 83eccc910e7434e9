"""What leads where: the entries beside every page, and the notices that a page shows after something was done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doitong.doors.dashboard.route import ROOT
from doitong.words.catalogue import N_

if TYPE_CHECKING:
    from doitong.doors.dashboard.visit import Visit


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the navigation; `icon` is the id of a symbol in icons.svg."""

    path: str
    label: str
    icon: str
    is_operators: bool = False


ENTRIES = (
    Entry("/studio", N_("Studio"), "studio"),
    Entry("/gallery", N_("Gallery"), "gallery"),
    Entry("/keys", N_("API keys"), "key"),
    Entry("/credits", N_("Credits"), "credits"),
    Entry("/webhooks", N_("Webhooks"), "webhook"),
    Entry("/limits", N_("Limits"), "limits"),
    Entry("/team", N_("Team"), "team"),
    Entry("/operator", N_("Overview"), "overview", is_operators=True),
    Entry("/operator/accounts", N_("Accounts"), "accounts", is_operators=True),
    Entry("/operator/engines", N_("Engines"), "engine", is_operators=True),
    Entry("/operator/unknown", N_("Unknown"), "unknown", is_operators=True),
    Entry("/operator/deliveries", N_("Deliveries"), "webhook", is_operators=True),
    Entry("/operator/payments", N_("Payments"), "credits", is_operators=True),
    Entry("/operator/prices", N_("Prices"), "credits", is_operators=True),
    Entry("/operator/audit", N_("Audit log"), "audit", is_operators=True),
)

# what `visit.go(path, notice=…)` may say; a cookie holds the name, never the text
NOTICES = {
    "signed_out": N_("You are signed out."),
    "saved": N_("Saved."),
    "endpoint_created": N_("The endpoint is there. Send it a test."),
    "endpoint_enabled": N_("The endpoint is on again."),
    "endpoint_disabled": N_("The endpoint is off."),
    "endpoint_deleted": N_("The endpoint is gone."),
    "test_sent": N_("A test is on its way."),
    "secret_rotated": N_("This is the new secret. For 24 hours both sign."),
    "resent": N_("It is sent again."),
    "resent_range": N_("Everything that failed on these days is sent again."),
    "resent_some": N_("The first 500 are sent again; do it once more for the rest."),
    "resent_none": N_("Nothing failed on these days that could be sent again."),
    "account_made": N_("The account is there. Invite its owner or make a key."),
    "account_disabled": N_("The account is off."),
    "account_enabled": N_("The account is on again."),
    "credits_granted": N_("The credits are granted."),
    "credits_adjusted": N_("The balance is corrected."),
    "credits_refunded": N_("The credits are given back."),
    "settled": N_("Settled."),
    "welcome": N_("Welcome. Your account is ready."),
    "password_changed": N_("Your password is changed. All other sessions are signed out."),
    "email_asked": N_("We sent a link to the new address. It counts as soon as you confirm it there."),
    "email_changed": N_("Your address is changed."),
    "session_ended": N_("The session is signed out."),
    "sessions_ended": N_("All other sessions are signed out."),
    "own_account_created": N_("The account is ready."),
    "account_switched": N_("You are in another account now."),
    "account_deleted": N_("The account is deleted."),
    "joined": N_("Welcome to the account."),
    "left": N_("You have left the account."),
    "invited": N_("The invitation is on its way."),
    "invitation_revoked": N_("The invitation is withdrawn."),
    "member_removed": N_("The member is removed."),
    "key_revoked": N_("The key is revoked."),
    "generation_started": N_("Your film is in the making."),
    "generation_canceled": N_("Canceled. Its credits are back."),
    "generation_deleted": N_("Deleted."),
    "generation_shared": N_("Whoever has the link can see this film now."),
    "generation_unshared": N_("The link no longer works."),
}


def navigation(visit: "Visit") -> list[dict[str, object]]:
    """The entries that this visitor has, the present page marked: the longest path that leads here."""
    if not visit.is_signed_in:
        return []
    here = visit.request.scope["path"].removeprefix(ROOT)
    is_operator, is_disabled = visit.signed_in.member.is_operator, visit.signed_in.account.is_disabled
    shown = [entry for entry in ENTRIES if (is_operator if entry.is_operators else not is_disabled)]
    leading = [entry.path for entry in shown if here == entry.path or here.startswith(entry.path + "/")]
    present = max(leading, key=len, default=None)
    return [
        {
            "href": ROOT + entry.path,
            "label": visit.words.say(entry.label),
            "icon": entry.icon,
            "is_here": entry.path == present,
            "is_operators": entry.is_operators,
        }
        for entry in shown
    ]
