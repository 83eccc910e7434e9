"""The page, and its samples turned to the running system."""

import warnings
from collections.abc import Callable

import pytest

from tests.seed.page import HOST, KEY, Page, find_page
from tests.system import Customer

MISSING = (
    "THE PUBLIC PAGE IS NOT HERE, so nothing shows that its samples work: put its text into ../shared/seed, "
    "or name its folder in DOITONG_SEED_DIR"
)


@pytest.fixture(scope="session")
def page() -> Page:
    path = find_page()
    if path is None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(MISSING, stacklevel=1)
        pytest.skip(MISSING)
    return Page(path.read_text())


@pytest.fixture
def turned() -> Callable[[str, Customer], str]:
    """A sample with our host for the page's and a real key for its placeholder; nothing else is touched."""

    def turn(sample: str, customer: Customer) -> str:
        assert HOST in sample
        assert KEY in sample
        return sample.replace(HOST, customer.url).replace(KEY, customer.key)

    return turn
