import pytest

from sparcode_mini.explain.xray import xray


@pytest.fixture(scope="session")
def told(trained, tower, toy_people):
    """What the X-ray says of `trained`."""
    return xray([trained], tower, toy_people)
