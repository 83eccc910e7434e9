"""Guarantee: Runway's own Python SDK works against the stand-in unchanged."""

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
import runwayml
from runwayml import AsyncRunwayML, RunwayML
from runwayml.lib import polling

from doitong.standins.runway import LocalStandin, Options
from doitong.standins.runway.films import make_still
from doitong.standins.runway.model import CONFORMANCE_KEY, CONFORMANCE_TASK, Picture

PICTURE = make_still(Picture(640, 360))


@pytest.fixture
async def standin(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalStandin]:
    """A quick one; the SDK's six seconds between two polls are shortened, nothing else of it is touched."""
    monkeypatch.setattr(polling, "POLL_TIME", 0.02)
    monkeypatch.setattr(polling, "POLL_JITTER", 0)
    async with LocalStandin(Options(tier="5", speed=200)) as opened:
        yield opened


@pytest.fixture
async def client(standin: LocalStandin) -> AsyncIterator[AsyncRunwayML]:
    async with AsyncRunwayML(api_key="key_standin", base_url=standin.url, _strict_response_validation=True) as opened:
        yield opened


async def test_create_and_wait(client: AsyncRunwayML) -> None:
    created = await client.text_to_video.create(model="gen4.5", prompt_text="a lake", ratio="1280:720", duration=5)
    assert created.estimated_cost.credits == 60
    ended = await created.wait_for_task_output(timeout=30)
    assert ended.status == "SUCCEEDED"
    assert (ended.cost.credits, len(ended.output)) == (60, 1)


async def test_a_failure_is_the_sdks_own(client: AsyncRunwayML) -> None:
    created = await client.text_to_video.create(
        model="gen4.5", prompt_text="#fail:SAFETY.INPUT.TEXT", ratio="720:1280", duration=2
    )
    with pytest.raises(runwayml.TaskFailedError) as raised:
        await created.wait_for_task_output()
    details = raised.value.task_details
    assert details.status == "FAILED"
    assert (details.failure_code, details.cost.credits) == ("SAFETY.INPUT.TEXT", 24)


async def test_cancel(client: AsyncRunwayML) -> None:
    created = await client.text_to_video.create(
        model="gen4.5", prompt_text="#throttle:60", ratio="1280:720", duration=5
    )
    assert (await client.tasks.retrieve(created.id)).status == "THROTTLED"
    await client.tasks.delete(created.id)
    with pytest.raises(runwayml.NotFoundError):
        await client.tasks.retrieve(created.id)
    assert (await client.organization.retrieve()).credit_balance == 100_000


async def test_an_upload_is_animated(client: AsyncRunwayML) -> None:
    upload = await client.uploads.create_ephemeral(file=("in.png", io.BytesIO(PICTURE)))
    created = await client.image_to_video.create(
        model="gen4_turbo", prompt_image=[{"uri": upload.uri, "position": "first"}], ratio="960:960", duration=2
    )
    assert (await created.wait_for_task_output()).status == "SUCCEEDED"


async def test_organization_and_usage(client: AsyncRunwayML) -> None:
    await client.text_to_image.create(model="gen4_image", prompt_text="a lake", ratio="1920:1080")
    organization = await client.organization.retrieve()
    assert organization.credit_balance == 100_000 - 8
    assert organization.tier.models["gen4.5"].max_concurrent_generations == 20
    assert organization.usage.models["gen4_image"].daily_generations == 1
    usage = await client.organization.retrieve_usage(start_date="2026-01-01", before_date="2026-01-02")
    assert (usage.models, usage.results) == ([], [])


async def test_errors_are_the_sdks_own(standin: LocalStandin, client: AsyncRunwayML) -> None:
    with pytest.raises(runwayml.BadRequestError) as invalid:
        await client.text_to_video.create(model="gen4.5", prompt_text="", ratio="1280:720", duration=5)
    assert isinstance(invalid.value.body, dict)
    assert invalid.value.body["issues"][0]["path"] == ["promptText"]
    with pytest.raises(runwayml.PermissionDeniedError):
        await client.text_to_video.create(model="gen4.5", prompt_text="#http:403", ratio="1280:720", duration=5)
    stranger = client.copy(api_key="key_of_nobody")
    with pytest.raises(runwayml.AuthenticationError):
        await stranger.organization.retrieve()


async def test_the_sdk_buys_three_times_when_its_answers_are_lost(standin: LocalStandin, client: AsyncRunwayML) -> None:
    """Why our engine never repeats a create: the SDK does, and the stand-in counts it."""
    prompt = "a lake #dropafteraccept"
    with pytest.raises(runwayml.APIConnectionError):
        await client.text_to_video.create(model="gen4.5", prompt_text=prompt, ratio="1280:720", duration=5)
    assert standin.state()["creates"] == {prompt: 3}


async def test_the_client_that_blocks(standin: LocalStandin) -> None:
    def use() -> str:
        with RunwayML(api_key="key_standin", base_url=standin.url) as client:
            created = client.text_to_video.create(model="gen4.5", prompt_text="a", ratio="1280:720", duration=5)
            return created.wait_for_task_output().status

    assert await asyncio.to_thread(use) == "SUCCEEDED"


async def test_conformance_mode_has_the_suites_key_and_task() -> None:
    async with (
        LocalStandin(Options(is_conformance=True)) as standin,
        AsyncRunwayML(api_key=CONFORMANCE_KEY, base_url=standin.url) as client,
    ):
        for _ in range(3):
            await client.tasks.delete(CONFORMANCE_TASK)
        assert (await client.tasks.retrieve(CONFORMANCE_TASK)).id == CONFORMANCE_TASK
        created = await client.text_to_video.create(model="veo3.1", prompt_text="x", ratio="1280:720")
        assert created.id
