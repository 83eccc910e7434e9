"""What each route does: values in, one operation, the answer's `data`."""

from typing import Any

from doitong.catalogue.model import Kind
from doitong.doors.http import operations
from doitong.doors.http.operations import raw_request
from doitong.doors.http.pictures import read_picture
from doitong.doors.http.values import Values
from doitong.doors.rest.calls import RestCall
from doitong.generations.service import WAIT_SECONDS_MAXIMUM

Data = dict[str, Any]
_FIRST = ("id", "status", "url", "webhookUrl", "duration", "createdAt")


def _generatevideo(generation: Data) -> Data:
    """The documented answer, with the documented fields in front."""
    return {"generatevideo": {name: generation[name] for name in _FIRST} | generation}


async def _submit(call: RestCall, kind: Kind) -> Data:
    raw = raw_request(await call.json(), kind=kind, requires_service=True)
    return _generatevideo(await call.operations.submit(raw, call.call.header("idempotency-key")))


async def text_to_video(call: RestCall) -> Data:
    return await _submit(call, Kind.TEXT_TO_VIDEO)


async def image_to_video(call: RestCall) -> Data:
    return await _submit(call, Kind.IMAGE_TO_VIDEO)


async def get_generation(call: RestCall) -> Data:
    wait_seconds = call.query().whole("wait", 0, WAIT_SECONDS_MAXIMUM)
    return _generatevideo(await call.operations.generation(call.id, wait_seconds))


async def list_generations(call: RestCall) -> Data:
    query = call.query()
    return await call.operations.generations(query, query)


async def cancel_generation(call: RestCall) -> Data:
    return _generatevideo(await call.operations.cancel(call.id))


async def delete_generation(call: RestCall) -> Data:
    return {"generation": await call.operations.delete(call.id)}


async def create_quote(call: RestCall) -> Data:
    raw = raw_request(await call.json(), kind=None, requires_service=False)
    return {"quote": await call.operations.quote(raw)}


async def create_upload(call: RestCall) -> Data:
    parameter, picture = await read_picture(call.call, call.request.receive)
    return {"upload": await call.operations.create_upload(parameter, picture)}


async def get_upload(call: RestCall) -> Data:
    return {"upload": await call.operations.upload(call.id)}


async def list_services(call: RestCall) -> Data:
    return {"services": await operations.services(call.application)}


async def get_account(call: RestCall) -> Data:
    return {"account": await call.operations.account(), "limits": await call.operations.limits()}


async def get_credits(call: RestCall) -> Data:
    return {"credits": await call.operations.credits()}


async def list_credit_alerts(call: RestCall) -> Data:
    return {"alerts": await call.operations.credit_alerts()}


async def set_credit_alerts(call: RestCall) -> Data:
    return {"alerts": await call.operations.set_credit_alerts(Values(await call.json()))}


async def get_statement(call: RestCall) -> Data:
    return await call.operations.statement(call.query())


async def list_keys(call: RestCall) -> Data:
    return await call.operations.keys(call.query())


async def create_key(call: RestCall) -> Data:
    return await call.operations.create_key(Values(await call.json()))


async def update_key(call: RestCall) -> Data:
    return {"key": await call.operations.update_key(call.id, Values(await call.json()))}


async def revoke_key(call: RestCall) -> Data:
    return {"key": await call.operations.revoke_key(call.id)}


async def rotate_key(call: RestCall) -> Data:
    return await call.operations.rotate_key(call.id, Values(await call.optional_json()))


async def list_accounts(call: RestCall) -> Data:
    return await call.operations.accounts(call.query())


async def create_account(call: RestCall) -> Data:
    return await call.operations.create_account(Values(await call.json()))


async def set_plan(call: RestCall) -> Data:
    return {"account": await call.operations.set_plan(call.id, Values(await call.json()))}


async def disable_account(call: RestCall) -> Data:
    return {"account": await call.operations.disable_account(call.id)}


async def enable_account(call: RestCall) -> Data:
    return {"account": await call.operations.enable_account(call.id)}


async def create_account_key(call: RestCall) -> Data:
    return await call.operations.create_account_key(call.id, Values(await call.json()))


async def grant_credits(call: RestCall) -> Data:
    return {"credits": await call.operations.grant_credits(call.id, Values(await call.json()))}


async def adjust_credits(call: RestCall) -> Data:
    return {"credits": await call.operations.adjust_credits(call.id, Values(await call.json()))}


async def refund_credits(call: RestCall) -> Data:
    return {"credits": await call.operations.refund_credits(call.id, Values(await call.json()))}


async def list_unknown(call: RestCall) -> Data:
    return await call.operations.unknown_submissions(call.query())


async def settle_submission(call: RestCall) -> Data:
    return _generatevideo(await call.operations.settle_submission(call.id, Values(await call.json())))


async def list_endpoints(call: RestCall) -> Data:
    return {"endpoints": await call.operations.endpoints()}


async def create_endpoint(call: RestCall) -> Data:
    return {"endpoint": await call.operations.create_endpoint(Values(await call.json()))}


async def update_endpoint(call: RestCall) -> Data:
    return {"endpoint": await call.operations.update_endpoint(call.id, Values(await call.json()))}


async def delete_endpoint(call: RestCall) -> Data:
    return {"endpoint": await call.operations.delete_endpoint(call.id)}


async def send_test_event(call: RestCall) -> Data:
    return {"delivery": await call.operations.send_test_event(call.id)}


async def get_signing_secret(call: RestCall) -> Data:
    return {"signingSecret": await call.operations.signing_secret()}


async def rotate_signing_secret(call: RestCall) -> Data:
    return {"signingSecret": await call.operations.rotate_signing_secret()}


async def list_deliveries(call: RestCall) -> Data:
    query = call.query()
    return await call.operations.deliveries(query, query)


async def get_delivery(call: RestCall) -> Data:
    return {"delivery": await call.operations.delivery(call.id)}


async def resend_delivery(call: RestCall) -> Data:
    return {"delivery": await call.operations.resend_delivery(call.id)}


async def resend_failed(call: RestCall) -> Data:
    return {"resent": await call.operations.resend_failed(Values(await call.json()))}
