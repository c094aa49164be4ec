"""What the tests of the map share, read once."""

import pytest

from sparcode_mini.course.lessons import read_lessons
from sparcode_mini.course.map.chart import read_chart
from sparcode_mini.course.map.exam import read_exam
from sparcode_mini.course.map.rows import join, read_items
from sparcode_mini.course.parts import ROOT


@pytest.fixture(scope="session")
def lessons():
    return read_lessons(ROOT)


@pytest.fixture(scope="session")
def chart(lessons):
    return read_chart(ROOT, lessons)


@pytest.fixture(scope="session")
def exam(lessons):
    return read_exam(ROOT, lessons)


@pytest.fixture(scope="session")
def items():
    return read_items(ROOT)


@pytest.fixture(scope="session")
def rows(lessons, chart, items, exam):
    return join(lessons, chart, items, exam)
