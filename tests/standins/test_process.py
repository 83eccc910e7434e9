"""Guarantee: `doitong runway-stand-in` is the same thing as a process, counted and moved on from outside."""

import httpx
import pytest
from click.testing import CliRunner

from doitong.doors.cli.main import cli
from doitong.standins.runway import StandinProcess
from tests.standins.conftest import GEN4_5

HEADERS = {"Authorization": "Bearer key_one", "X-Runway-Version": "2024-11-06"}


def test_a_process_is_counted_and_moved_on_from_outside() -> None:
    with StandinProcess("--key", "key_one", "--key", "key_two", "--credits", "100", "--tier", "2") as standin:
        with httpx.Client(base_url=standin.url, headers=HEADERS, trust_env=False) as client:
            task_id = client.post("/v1/text_to_video", json=GEN4_5).json()["id"]
            assert client.get(f"/v1/tasks/{task_id}").json()["status"] == "PENDING"
            standin.advance(100)
            assert client.get(f"/v1/tasks/{task_id}").json()["status"] == "SUCCEEDED"
            assert client.post("/v1/text_to_video", json=GEN4_5).status_code == 400
            standin.grant(20)
            other = {"Authorization": "Bearer key_two"}
            assert client.post("/v1/text_to_video", json=GEN4_5, headers=other).status_code == 200
            with pytest.raises(httpx.RemoteProtocolError):
                client.post("/v1/text_to_video", json={**GEN4_5, "promptText": "#dropbeforeaccept"})
        state = standin.state()
        assert state["creates"] == {GEN4_5["promptText"]: 2}
        assert state["credits"] == {"granted": 120, "charged": 120, "balance": 0}
        assert state["calls"]["POST text_to_video 0"] == 1
    assert standin.process.returncode is not None


@pytest.mark.parametrize("options", [["--faults", "nothing=0.5"], ["--speed", "0"], ["--tier", "6"]])
def test_options_that_mean_nothing_are_refused(options: list[str]) -> None:
    answer = CliRunner().invoke(cli, ["runway-stand-in", *options])
    assert answer.exit_code == 2
    assert options[0] in answer.output
