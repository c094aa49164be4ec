"""The toy project of each test, and the real bank."""

import pytest

import quiz_toys
from sparcode_mini.course.quiz import bank


@pytest.fixture
def project(tmp_path):
    """A project whose bank has two items."""
    return quiz_toys.project(tmp_path)


@pytest.fixture(scope="session")
def chapters():
    """The real bank."""
    return bank.load(quiz_toys.ROOT)
