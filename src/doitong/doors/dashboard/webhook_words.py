"""What pages call the states of deliveries, events of webhooks and reasons, and the samples that check a signature."""

from doitong.webhooks.model import DeliveryFailure, DeliveryState, DisabledReason, EventType
from doitong.words.catalogue import N_

STATES = {
    DeliveryState.PENDING: N_("on its way"),
    DeliveryState.DELIVERED: N_("delivered"),
    DeliveryState.FAILED: N_("not delivered"),
}
FAILURES = {
    DeliveryFailure.EXHAUSTED: N_("Every try of the schedule failed."),
    DeliveryFailure.GONE: N_("The receiver answered 410: it wants no more."),
    DeliveryFailure.ENDPOINT_DISABLED: N_("The endpoint was switched off or deleted while this waited."),
}
DISABLED = {
    DisabledReason.BY_CUSTOMER: N_("Switched off by hand."),
    DisabledReason.GONE: N_("Switched off because the receiver answered 410."),
    DisabledReason.FAILING: N_("Switched off after five days of nothing but failures."),
    DisabledReason.DELETED: N_("Deleted."),
}
EVENTS = {
    EventType.GENERATION_COMPLETED: N_("A film is finished"),
    EventType.GENERATION_FAILED: N_("A generation failed"),
    EventType.GENERATION_CANCELED: N_("A generation was canceled"),
    EventType.GENERATION_PROGRESS: N_("A generation moves on"),
    EventType.CREDITS_LOW: N_("Credits run low"),
    EventType.ENDPOINT_DISABLED: N_("Another endpoint was switched off"),
}

PYTHON_SAMPLE = '''import hashlib, hmac

def is_genuine(body: bytes, header: str, secret: str) -> bool:
    """body: the bytes as they came; header: X-Doitong-Signature"""
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, header)
'''
JAVASCRIPT_SAMPLE = """import { createHmac, timingSafeEqual } from "node:crypto";

// body: the Buffer as it came; header: X-Doitong-Signature
export function isGenuine(body, header, secret) {
  const wanted = Buffer.from("sha256=" + createHmac("sha256", secret).update(body).digest("hex"));
  const given = Buffer.from(header);
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}
"""
