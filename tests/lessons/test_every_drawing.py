"""Every drawing of every lesson: small, crisp, described in words, its axes titled."""

import re
from importlib import import_module
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from sparcode_mini import lessons
from sparcode_mini.plots import picture

FOLDER = Path(lessons.__file__).parent
LESSONS = sorted(path.parent.name for path in FOLDER.glob("*/draw.py"))
DRAWINGS = {
    f"{lesson}-{name}": drawing
    for lesson in LESSONS
    for name, drawing in import_module(f"lessons.{lesson}.drawings").DRAWINGS.items()
}
UNTITLED = {  # drawings of one axes, whose title is the heading of their cell or inside the drawing
    "all_to_all_scoring-meeting", "all_to_all_scoring-meeting 2", "all_to_all_scoring-flow",
    "all_to_all_scoring-bias still", "all_to_all_scoring-bias still 2", "capstone-answers",
    "product_quantization-look up", "product_quantization-sizes", "product_quantization-arrows",
    "serving-training", "tokens-interface", "tokens-found words",
    "training_and_measuring-questions",
    "vector_quantization-lookup", "vector_quantization-starts", "vector_quantization-page",
}  # fmt: skip


@pytest.fixture(scope="module", params=DRAWINGS)
def drawn(request):
    """Draw each drawing once; return (name, picture, figure, words)."""
    figures, png = [], picture._png
    make, words = DRAWINGS[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture, "_png", lambda figure: figures.append(figure) or png(figure))
        return request.param, make(), figures[0], words


def test_it_is_small_and_crisp_and_something_is_drawn(drawn):
    _, shown, _, _ = drawn
    assert isinstance(shown, picture.Picture)
    assert shown.png.startswith(b"\x89PNG") and len(shown.png) < picture.WANTED_BYTES
    image = Image.open(BytesIO(shown.png))
    assert image.width >= 1.5 * shown.width and shown.width <= 1000
    assert len(image.convert("RGB").getcolors(1 << 16)) > 3


def test_it_is_described_in_words(drawn):
    _, shown, _, words = drawn
    assert 40 < len(shown.alt) < 2000
    assert not re.search(r"\bnan\b|\bNone\b|np\.", shown.alt)
    for text in words:
        assert text in shown.alt


def test_every_axes_has_a_title_where_it_should(drawn):
    name, _, figure, _ = drawn
    titled = all(axes.get_title(loc="left") for axes in figure.axes)
    assert titled == (name not in UNTITLED)
