"""Data and models that take a moment to make, made once. Tests change a `twin`, never these."""

import coverage
import hypothesis
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.explain.people import Person, excerpt

# No limit on the time of an example: a busy machine must not fail a test.
hypothesis.settings.register_profile("sparcode", deadline=None)
hypothesis.settings.load_profile("sparcode")


@pytest.fixture(scope="session")
def toy_split():
    """37 users (one without history), 60 items, features on both sides."""
    return toys.toy_ratings().split(test=0.2, validation=0.2)


@pytest.fixture(scope="session")
def trained(toy_split):
    """A small SparCode after a few epochs, dropout and all stages included."""
    model = toys.small(sm.SparCode, toy_split, seed=1)
    model.log = sm.fit(model, toy_split, epochs=6, seed=2, batch=8, warmup=2, lr=2e-2)
    return model


@pytest.fixture(scope="session")
def trained_index(trained):
    """The index of `trained`, nothing cut."""
    return sm.SparseIndex.build(trained)


@pytest.fixture(scope="session")
def movielens_split():
    """MovieLens-100K in the split of the project."""
    return sm.data.movielens_100k().split(test=0.2, validation=0.1)


@pytest.fixture
def untraced():
    """Long computations of lines that other tests run, too: coverage does not look on."""
    tracer = coverage.Coverage.current()
    if tracer is not None:
        tracer.stop()
    yield
    if tracer is not None:
        tracer.start()


@pytest.fixture
def other_features():
    """`toy_split`, but the years of the films stand in another order."""
    tables = toys.toy_ratings()
    turned = tables.items.assign(year=tables.items["year"].to_numpy()[::-1])
    return sm.data.from_frames(tables.interactions, tables.users, turned).split(0.2, 0.2)


@pytest.fixture(scope="session")
def users(toy_split):
    """Raw ids of the users of `toy_split` with a history."""
    return toys.known_users(toy_split)


@pytest.fixture(scope="session")
def tower(toy_split):
    """A small two-tower, not trained."""
    return toys.small(sm.TwoTower, toy_split, seed=3)


@pytest.fixture(scope="session")
def toy_people(toy_split):
    """Two people: a history, and an excerpt with what came next."""
    user = toys.known_users(toy_split)[3]
    return [Person("a", toys.HISTORY), excerpt(toy_split, user, films=5, later=3)]


@pytest.fixture(scope="session")
def served(movielens_split):
    """The two models that come with the project."""
    return [
        sm.load_model(results.CHECKPOINTS / f"{name}.safetensors", movielens_split, torch.float64)
        for name in ("sparcode-sparse", "two-tower")
    ]


@pytest.fixture(scope="session")
def public():
    """Data of the public X-ray page, as stored."""
    return results.load("xray")["data"]


@pytest.fixture(scope="session")
def shown(movielens_split):
    """The models of the public X-ray page."""
    from sparcode_mini.studies import xray as study

    return [
        sm.load_model(results.CHECKPOINTS / f"{name}.safetensors", movielens_split, torch.float64)
        for name in ("sparcode-sparse", *study.NAMES)
    ]
