"""The JSON shapes of the REST door, for its OpenAPI document. JSON Schema 2020-12, as OpenAPI 3.1 takes it."""

from typing import Any

from doitong.accounts.model import LANGUAGES
from doitong.alerts.rules import ALERTS_MAX, THRESHOLD_MAX
from doitong.catalogue.model import AspectRatio, CameraMove, Easing, MotionIntensity, Quality, Version
from doitong.catalogue.services import (
    MOVE_SECONDS_MAXIMUM,
    MOVE_SECONDS_MINIMUM,
    PROMPT_MAX_CHARACTERS,
    SEED_MAXIMUM,
    SERVICES,
    TURN_DEGREES_MAXIMUM,
)
from doitong.core.errors import REGISTRY
from doitong.generations.parsing import BRUSH_MODES
from doitong.generations.settlement import Outcome
from doitong.keys.model import ALL_SCOPES, CUSTOMER_SCOPES
from doitong.keys.rules import BUDGET_MAX
from doitong.plans.model import PLANS
from doitong.webhooks.model import DeliveryState, EventType

Shape = dict[str, Any]


def text(description: str = "", **more: Any) -> Shape:
    return _described({"type": "string"} | more, description)


def whole(description: str = "", **more: Any) -> Shape:
    return _described({"type": "integer"} | more, description)


def flag(description: str = "") -> Shape:
    return _described({"type": "boolean"}, description)


def words(values: Any, description: str = "") -> Shape:
    return _described({"type": "string", "enum": [str(value) for value in values]}, description)


def moment(description: str = "") -> Shape:
    return _described({"type": "string", "format": "date-time"}, description)


def maybe(shape: Shape) -> Shape:
    """The same, or null."""
    if "$ref" in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    nullable = shape | {"type": [shape["type"], "null"]}
    return nullable | ({"enum": [*shape["enum"], None]} if "enum" in shape else {})


def listing(shape: Shape, description: str = "") -> Shape:
    return _described({"type": "array", "items": shape}, description)


def anything(description: str = "") -> Shape:
    return _described({"type": "object", "additionalProperties": True}, description)


def ref(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def record(properties: dict[str, Shape], *, optional: tuple[str, ...] = (), description: str = "") -> Shape:
    """An object all of whose properties are there, but for `optional` ones."""
    required = [name for name in properties if name not in optional]
    shape: Shape = {"type": "object", "properties": properties, "required": required}
    return _described(shape if required else {key: shape[key] for key in ("type", "properties")}, description)


def request(properties: dict[str, Shape], *required: str) -> Shape:
    """A body: nothing but these properties, of which some are required."""
    shape: Shape = {"type": "object", "properties": properties, "additionalProperties": False}
    return shape | ({"required": list(required)} if required else {})


def data(**properties: Shape) -> Shape:
    """The envelope of an answer."""
    return record({"data": record(properties)})


def _described(shape: Shape, description: str) -> Shape:
    return shape | ({"description": description} if description else {})


_ID = text("Identifier.", pattern="^[0-9a-z]{26}$")
_SHARE: Shape = {"type": "number", "minimum": 0, "maximum": 1}
_BRUSH = request(
    {
        "polygon": listing(
            {"type": "array", "items": _SHARE, "minItems": 2, "maxItems": 2},
            "At least 3 corners [x, y] as shares of the picture's width and height; or a mask.",
        ),
        "mask": text("A picture, white moves: https URL, `data:` URI or an upload's id; or a polygon."),
        "direction": {
            "type": "number",
            "minimum": 0,
            "maximum": 360,
            "default": 0,
            "description": "Degrees, counter-clockwise: 0 to the right, 90 up.",
        },
        "speed": _SHARE | {"default": 0.5},
        "mode": words(BRUSH_MODES, "`flow` when left out."),
    }
)
_MOTION = request(
    {
        "camera": listing(
            request(
                {
                    "move": words([move.value for move in CameraMove]),
                    "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
                    "degrees": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": TURN_DEGREES_MAXIMUM,
                        "description": "How far a pan, tilt, roll, orbit or whip pan turns, in place of `strength`; "
                        "an engine may give less, and reports what it gave.",
                    },
                    "seconds": {
                        "type": "number",
                        "minimum": MOVE_SECONDS_MINIMUM,
                        "maximum": MOVE_SECONDS_MAXIMUM,
                        "description": "How long the move takes; an equal part of what is left when left out.",
                    },
                    "easing": words([easing.value for easing in Easing], "`ease-in-out` when left out."),
                },
                "move",
            ),
            "Camera moves in the order of the timeline; at most 8.",
        ),
        "brushes": listing(_BRUSH, "Parts of a picture that move by themselves; at most 8."),
        "depth": text("A depth map of the picture, near is white: https URL, `data:` URI or an upload's id."),
        "depthInverted": flag("`true` when near is black."),
    }
)
_WISHES: dict[str, Shape] = {
    "duration": whole("Seconds.", minimum=5, maximum=10, default=5),
    "aspectRatio": words(
        [ratio.value for ratio in AspectRatio], "`16:9` when left out; for an image the nearest of the three."
    ),
    "version": words([version.value for version in Version], "`gen-4` when left out."),
    "quality": words([*(quality.value for quality in Quality), "pro"], "`standard` when left out."),
    "motionIntensity": words([item.value for item in MotionIntensity], "`medium` when left out."),
    "motion": _MOTION | {"description": "Camera moves and brushes; from the prompt when left out."},
    "audio": flag("Whether the film has sound; `true` when left out."),
    "seed": whole("Same request and seed, same Studio film.", minimum=0, maximum=SEED_MAXIMUM),
    "negativePrompt": text("What is not wanted.", minLength=1, maxLength=PROMPT_MAX_CHARACTERS),
    "webhookUrl": text("Told when the generation ends.", format="uri", maxLength=2048),
    "quoteId": text("A quote that is still valid, for its price."),
}
_PROMPT = text("What is to be seen.", minLength=1, maxLength=PROMPT_MAX_CHARACTERS)
_SERVICE = words(list(SERVICES), "The service.")
_IMAGE = text("https URL, `data:` URI or an upload's id; JPEG, PNG or WebP.")

COMPONENTS: dict[str, Shape] = {
    "Error": record(
        {
            "errors": listing(
                record(
                    {
                        "message": text("For people, in the language of `Accept-Language` (en, sl)."),
                        "extensions": record({"code": words(sorted(REGISTRY), "For programs; never changes.")}),
                    }
                )
            )
        }
    ),
    "TextToVideo": request({"service": _SERVICE, "prompt": _PROMPT} | _WISHES, "service", "prompt"),
    "ImageToVideo": request(
        {"service": _SERVICE, "image": _IMAGE, "imageUrl": text("Another name of `image`."), "prompt": _PROMPT}
        | _WISHES,
        "service",
    ),
    "QuoteRequest": request({"service": _SERVICE, "prompt": _PROMPT, "image": _IMAGE} | _WISHES),
    "Generation": record(
        {
            "id": _ID,
            "status": words(("processing", "completed", "failed", "canceled")),
            "url": maybe(text("The film's address, once it is stored.", format="uri")),
            "webhookUrl": maybe(text()),
            "duration": whole("Seconds."),
            "createdAt": moment(),
            "type": words(("VIDEO",)),
            "provider": text("The same as `service`."),
            "service": text(),
            "poster": maybe(text("A still picture's address.", format="uri")),
            "preview": maybe(text("The address of a short animated WebP.", format="uri")),
            "previewVideo": maybe(text("The address of a small silent MP4.", format="uri")),
            "creditCost": whole(),
            "startedAt": maybe(moment()),
            "completedAt": maybe(moment()),
            "stage": words(("queued", "submitting", "rendering", "storing", "unknown", "ended")),
            "progress": {"type": "number", "minimum": 0, "maximum": 1},
            "queuePosition": maybe(whole("1 is next.")),
            "expectedStartAt": maybe(moment()),
            "error": maybe(anything("`code` and `message` of a generation that failed.")),
            "prompt": text(),
            "kind": words(("text_to_video", "image_to_video")),
            "metadata": anything("Size, frame rate, engine, model, seed, checksum and more."),
        }
    ),
    "PageInfo": record({"endCursor": maybe(text()), "hasNextPage": flag()}),
    "Quote": record(
        {"id": _ID, "creditCost": whole(), "terms": anything(), "createdAt": moment(), "expiresAt": moment()}
    ),
    "Upload": record(
        {
            "id": _ID,
            "mediaType": text(),
            "width": whole(),
            "height": whole(),
            "bytes": whole(),
            "sha256": text(),
            "createdAt": moment(),
        }
    ),
    "Account": record(
        {
            "id": _ID,
            "name": text(),
            "email": maybe(text()),
            "plan": text(),
            "language": text(),
            "createdAt": moment(),
            "disabledAt": maybe(moment("When it was switched off.")),
        }
    ),
    "Limits": record(
        {
            "plan": text(),
            "generationsPerMinute": whole(),
            "generationsPerDay": maybe(whole("null is unlimited")),
            "jobSlots": whole(),
            "backlog": whole(),
            "readsPerMinute": whole(),
            "usedThisMinute": whole(),
            "usedToday": whole(),
            "jobsRunning": whole(),
            "jobsWaiting": whole(),
        }
    ),
    "Credits": record({"available": whole("What may be spent."), "held": whole("What open holds reserve.")}),
    "StatementLine": record(
        {
            "id": text(),
            "kind": words(("grant", "hold", "capture", "release", "expire", "refund", "adjustment")),
            "amount": whole(),
            "availableAfter": whole(),
            "heldAfter": whole(),
            "generationId": maybe(text()),
            "reason": maybe(text()),
            "createdAt": moment(),
        }
    ),
    "Key": record(
        {
            "id": _ID,
            "prefix": text("The public part."),
            "name": text(),
            "scopes": listing(words(sorted(ALL_SCOPES))),
            "createdAt": moment(),
            "expiresAt": maybe(moment()),
            "revokedAt": maybe(moment()),
            "lastUsedAt": maybe(moment()),
            "monthlyBudget": maybe(whole("Credits that it may spend in a month (UTC); null is without a budget.")),
            "spentThisMonth": maybe(whole("Credits reserved and spent; null without a budget.")),
        }
    ),
    "KeyChange": request(
        {
            "name": text(minLength=1, maxLength=100),
            "monthlyBudget": maybe(whole("null takes it away.", minimum=1, maximum=BUDGET_MAX)),
        }
    ),
    "CreditAlert": record(
        {
            "threshold": whole("Told when fewer credits are available."),
            "firedAt": maybe(moment("When it was told; null while it waits.")),
            "createdAt": moment(),
        }
    ),
    "CreditAlertsRequest": request(
        {
            "thresholds": {
                "type": "array",
                "items": whole(minimum=1, maximum=THRESHOLD_MAX),
                "maxItems": ALERTS_MAX,
                "description": "All of them; an empty list ends every alert.",
            }
        },
        "thresholds",
    ),
    "NewKeyRequest": request(
        {
            "name": text(minLength=1, maxLength=100),
            "scopes": listing(words(sorted(CUSTOMER_SCOPES)), "All that the asking key has when left out."),
            "expiresAt": moment(),
            "monthlyBudget": whole("Credits that it may spend in a month (UTC).", minimum=1, maximum=BUDGET_MAX),
        },
        "name",
    ),
    "NewAccountRequest": request(
        {
            "name": text(minLength=1, maxLength=200),
            "plan": words(tuple(PLANS)),
            "email": text(maxLength=254),
            "language": words(LANGUAGES),
            "limits": {"type": "object", "description": "What is set for this account instead of its plan's limits."},
        },
        "name",
    ),
    "PlanRequest": request({"plan": words(tuple(PLANS)), "limits": {"type": "object"}}, "plan"),
    "GrantRequest": request(
        {
            "credits": whole(minimum=1, maximum=1_000_000_000),
            "reason": text("Stands in the statement.", minLength=1, maxLength=200),
        },
        "credits",
        "reason",
    ),
    "AdjustmentRequest": request(
        {
            "amount": whole("Below 0 takes credits away; not 0.", minimum=-1_000_000_000, maximum=1_000_000_000),
            "reason": text("Stands in the statement.", minLength=1, maxLength=200),
        },
        "amount",
        "reason",
    ),
    "RefundRequest": request(
        {
            "generationId": text("One of the account's generations."),
            "credits": whole("All that is left of the charge when left out.", minimum=1, maximum=1_000_000_000),
            "reason": text("Stands in the statement.", minLength=1, maxLength=200),
        },
        "generationId",
        "reason",
    ),
    "UnknownSubmission": record(
        {
            "id": _ID,
            "accountId": text(),
            "engine": text(),
            "kind": text(),
            "prompt": text(),
            "parameters": anything(),
            "seed": whole(),
            "attempt": whole(),
            "lastStep": maybe(text("The task before, of a generation that takes several.")),
            "creditCost": whole("What is held."),
            "createdAt": moment(),
            "sentAt": maybe(moment("When the submission was on its way.")),
        }
    ),
    "SettleRequest": request(
        {
            "outcome": words([outcome.value for outcome in Outcome]),
            "taskId": text("The task that was bought; only with `bought`.", minLength=1, maxLength=100),
        },
        "outcome",
    ),
    "RotateKeyRequest": request(
        {"overlapSeconds": whole("How long the old key still works.", minimum=0, maximum=2592000, default=0)}
    ),
    "Endpoint": record(
        {
            "id": _ID,
            "url": text(format="uri"),
            "description": text(),
            "events": listing(words([event.value for event in EventType])),
            "isEnabled": flag(),
            "disabledReason": maybe(text()),
            "failingSince": maybe(moment()),
            "createdAt": moment(),
        }
    ),
    "NewEndpointRequest": request(
        {
            "url": text(format="uri", maxLength=2048),
            "events": listing(words([event.value for event in EventType]), "Every ending when left out."),
            "description": text(maxLength=200),
        },
        "url",
    ),
    "EndpointChange": request(
        {
            "url": text(format="uri", maxLength=2048),
            "events": listing(words([event.value for event in EventType])),
            "description": text(maxLength=200),
            "isEnabled": flag(),
        }
    ),
    "SigningSecret": record(
        {
            "secret": text("`whsec_…`"),
            "previousSecret": maybe(text("Still signed with for 24 hours after a rotation.")),
            "previousValidUntil": maybe(moment()),
        }
    ),
    "Delivery": record(
        {
            "id": _ID,
            "eventId": text("The `webhook-id` of every try."),
            "event": words([event.value for event in EventType]),
            "generationId": maybe(text()),
            "endpointId": maybe(text()),
            "url": text(format="uri"),
            "state": words([state.value for state in DeliveryState]),
            "failure": maybe(text()),
            "attempts": whole(),
            "nextAttemptAt": maybe(moment()),
            "createdAt": moment(),
            "endedAt": maybe(moment()),
            "body": anything("What is sent; only of a single delivery."),
            "log": listing(anything(), "Every try; only of a single delivery."),
        },
        optional=("body", "log"),
    ),
    "ResendRequest": request({"since": moment(), "until": moment()}, "since", "until"),
    "Service": anything("What can be asked for, and what it costs."),
}
