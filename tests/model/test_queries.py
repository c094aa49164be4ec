"""Texts and images as embeddings: numbers, masks, shapes, and bad input told by name."""

import numpy as np
import pytest
import torch
from hypothesis import given

import toys
from sparcode_mini.model.queries import (
    ImageEmbeddings,
    TextEmbeddings,
    characters,
    make_embeddings,
    misspelt,
    plain_title,
)
from sparcode_mini.tools.reproducible import initialise
from sparcode_mini.worlds import digits


def test_characters_are_numbered_padded_and_cut():
    table = characters(["ab", "A-b!", "abc9 z"], 5)
    assert table.tolist() == [[1, 2, 0, 0, 0], [1, 37, 2, 0, 0], [1, 2, 3, 36, 37]]


def test_a_text_without_letters_is_named():
    with pytest.raises(ValueError, match=r"text 1, '\?!', has no letter or digit"):
        characters(["a", "?!"], 5)


def test_padding_of_a_text_is_zero_and_masked():
    embed = TextEmbeddings(4, 10).double()
    H_u, mask = embed(embed.read(["ab", "abcd"]))
    assert H_u.shape == (2, 4, 4) and mask.sum(dim=1).tolist() == [2, 4]
    assert (H_u[~mask] == 0).all()
    assert torch.equal(H_u[0, :2], H_u[1, :2])


def test_an_image_becomes_sixteen_patches_that_know_their_place():
    embed = ImageEmbeddings(32, 16).double()
    initialise(embed, np.random.default_rng(0))
    images = np.zeros((2, 8, 8))
    images[0, 0, 0] = images[1, 6, 6] = 16.0
    H_u, mask = embed(embed.read(images))
    assert H_u.shape == (2, 16, 32) and bool(mask.all())
    blank = embed(embed.read(np.zeros((1, 8, 8))))[0][0]
    moved = (H_u - blank).norm(dim=-1) > 1e-9  # (2, 16): which patches see the pixel
    assert moved[0].nonzero().flatten().tolist() == [0]
    assert moved[1].nonzero().flatten().tolist() == [10, 11, 14, 15]  # 3 x 3 reaches neighbours
    assert len(blank.unique(dim=0)) == 16


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((8, 8)), r"images have shape \(8, 8\); give \(B, 8, 8\)"),
        (np.full((1, 8, 8), 17.0), r"pixels span 17..17; they must lie in 0..16"),
        (np.full((1, 8, 8), np.nan), "pixels span nan"),
    ],
)
def test_bad_images_are_named(images, message):
    with pytest.raises(ValueError, match=message):
        ImageEmbeddings(4, 16).read(images)


@given(toys.real_numbers(6))
def test_vectors_and_images_mean_the_same_in_any_type(numbers):
    array, meaning = numbers
    reader = make_embeddings("vector", 4, 8, (2, 3)).double()
    image = np.ones((1, 8, 8)).astype(array.dtype)
    with toys.as_users_call():
        if array.dtype.kind in "iufb":
            assert torch.equal(
                ImageEmbeddings(4, 16).read(image), ImageEmbeddings(4, 16).read(np.ones((1, 8, 8)))
            )
        else:
            with pytest.raises(ValueError, match=r"\Aimages [^\n]+\Z"):
                ImageEmbeddings(4, 16).read(image)
        if meaning is None:
            with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
                reader.read(array.reshape(1, 2, 3))
        else:
            found = reader.read(array.reshape(1, 2, 3))
            assert torch.equal(found, torch.from_numpy(meaning).reshape(1, 2, 3))


@pytest.mark.parametrize("texts", ["toy story", [3], [None], ["toy", b"story"]])
def test_texts_are_a_list_of_texts(texts):
    with toys.as_users_call(), pytest.raises(ValueError, match="give a list of texts"):
        characters(texts, 9)


def test_what_does_not_exist_is_named():
    with pytest.raises(ValueError, match="history_len = 15; an image has 16 patches"):
        make_embeddings("image", 4, 15)
    with pytest.raises(ValueError, match="query = 'sound'; choose 'history' or one of"):
        make_embeddings("sound", 4, 16)


def test_convolutions_are_drawn_from_the_generator():
    a, b = ImageEmbeddings(64, 16), ImageEmbeddings(64, 16)
    for embed in (a, b):
        initialise(embed, np.random.default_rng(3))
    assert torch.equal(a.block.weight, b.block.weight) and (a.block.bias == 0).all()
    expected = (2 / (4 * (64 + 32))) ** 0.5
    assert float(a.block.weight.detach().std()) == pytest.approx(expected, rel=0.05)


# --- titles -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Toy Story (1995)", "toy story"),
        ("Empire Strikes Back, The (1980)", "the empire strikes back"),
        ("Boot, Das", "das boot"),
        ("Seven (Se7en) (1995)", "seven"),
        ("Good, The Bad and The Ugly, The (1966)", "the good the bad and the ugly"),
        ("Mission: Impossible", "mission impossible"),
    ],
)
def test_titles_as_people_type_them(title, plain):
    assert plain_title(title) == plain


def test_misspelt_texts_differ_a_little_and_come_again_with_the_seed():
    texts = {misspelt("toy story", np.random.default_rng(seed)) for seed in range(60)}
    assert len(texts) > 10 and {"toy stroy", "ty story", "toy st"} <= texts
    lengths = {len(text) for text in texts}
    assert min(lengths) >= 3 and max(lengths) == 9
    assert all(text[0] == "t" for text in texts)
    rng = (np.random.default_rng(1), np.random.default_rng(1))
    assert misspelt("babe and pig", rng[0]) == misspelt("babe and pig", rng[1])
    assert misspelt("up", rng[0]) == "up"


# --- digits -------------------------------------------------------------------------------------


def test_the_digits_are_split_and_the_words_described():
    a, b = digits.digits(), digits.digits()
    assert len(a.images) == digits.TRAINING_IMAGES and len(a.test_images) == 500
    assert np.array_equal(a.labels, b.labels) and a.images.max() == 16
    assert not np.array_equal(a.labels, digits.digits(seed=1).labels)
    words = digits.number_words()
    assert len(words) == 60 and words["title"].is_unique
    assert (words["digit"].astype(int) == words["item"] % 10).all()
    eight = words[words["digit"] == "8"]
    assert set(eight["loops"]) == {"two"} and set(eight["parity"]) == {"even"}
    unseen = digits.unseen_words()
    assert sorted(unseen % 10) == list(range(10))
    assert len(set(words["language"].iloc[unseen])) == 6
