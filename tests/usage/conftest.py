"""The whole application and a worker that is taken step by step."""

from tests.generations.conftest import app, customer, worker, workshop  # noqa: F401
