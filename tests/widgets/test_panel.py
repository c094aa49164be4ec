"""The panel of M, N, sparsity and probes shows what was measured and nothing else."""

import tomllib
from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter

from sparcode_mini.widgets import Panel
from sparcode_mini.widgets.copy_code import CopyCode
from sparcode_mini.widgets.settings import code_text, figure_data, sentence
from widgets.toy_sweep import bare, row, sweep

ROOT = Path(__file__).parents[2]


@pytest.fixture
def panel():
    return Panel(sweep())


def trace(panel, name):
    return next(trace for trace in panel.figure.data if trace.name == name)


def words(panel):
    return [annotation.text for annotation in panel.figure.layout.annotations]


@pytest.mark.parametrize(("name", "value"), [("M", 2), ("N", 4), ("sparsity", 0.0)])
def test_each_slider_shows_the_numbers_of_its_setting(panel, name, value):
    panel.sliders[name].value = value
    chosen = {"M": 1, "N": 16, "sparsity": 4.0, name: value}
    mine = row(**chosen)
    assert trace(panel, "chosen, 1 probe").x == (mine["entry_bytes_fp16"] + 800,)
    assert trace(panel, "chosen, 1 probe").y == (mine["ndcg@50"],)
    assert trace(panel, "chosen, 4 probes").y == (mine["ndcg@50 probes=4"],)
    assert trace(panel, "chosen, 4 probes").customdata == (
        f"M={chosen['M']}, N={chosen['N']}, sparsity={chosen['sparsity']:g}",
    )
    assert trace(panel, "matrix or lists").x == (215_296, mine["entry_bytes_fp16"])
    assert trace(panel, "codewords, codes").x == (None, 800)
    assert trace(panel, "codewords, codes").base == (0, mine["entry_bytes_fp16"])
    assert trace(panel, "density").x == (mine["density"],)
    assert trace(panel, "search").x == (mine["search_us"],)
    titles = "".join(words(panel))
    assert f"{mine['density']:.1%}" in titles and f"{mine['search_us']:.0f} µs" in titles
    assert panel.code.code == code_text(sweep(), **chosen)
    assert f"{mine['entries']:,} entries" in panel.text.value


def test_the_chosen_probes_are_filled_and_come_first_in_words(panel):
    signs = {probes: trace(panel, f"chosen, {probes}").marker.symbol for probes in
             ("1 probe", "4 probes")}  # fmt: skip
    assert signs == {"1 probe": "circle", "4 probes": "diamond-open"}
    panel.sliders["probes"].value = 4
    assert trace(panel, "chosen, 4 probes").marker.symbol == "diamond"
    assert trace(panel, "chosen, 1 probe").marker.symbol == "circle-open"
    mine = row(1, 16, 4.0)
    assert trace(panel, "chosen, 4 probes").y == (mine["ndcg@50 probes=4"],)
    assert f"NDCG@50 is {mine['ndcg@50 probes=4']:.3f} with 4 probes" in panel.text.value
    assert panel.code.code == code_text(sweep(), 1, 16, 4.0, probes=4)


def test_measured_settings_and_baselines_are_always_there(panel):
    for probes, key in (("1 probe", "ndcg@50"), ("4 probes", "ndcg@50 probes=4")):
        points = trace(panel, f"measured, {probes}")
        assert points.y == tuple(r[key] for r in sweep()["settings"])
    ticks = [t.x for t in panel.figure.data if t.name == "every measured setting"]
    assert [len(x) for x in ticks] == [11, 11]
    assert trace(panel, "two-tower").x == (215_296,)
    assert trace(panel, "two-tower 0.250").y == (0.25, 0.25)  # the dashed line
    low = panel.figure.layout.yaxis.range[0]
    assert trace(panel, "popularity 0.150 is below").y == (low, low)
    assert {"two-tower 0.250", "popularity 0.150 is below"} <= set(words(panel))


def test_popularity_is_a_line_where_the_axis_reaches_it():
    near = sweep()
    near["baselines"]["popularity"]["ndcg@50"] = 0.24
    panel = Panel(near)
    assert trace(panel, "popularity 0.240").y == (0.24, 0.24)
    assert "popularity 0.240" in words(panel)


def test_the_bars_of_bytes_fit_on_their_axis(panel):
    for M in (1, 2):
        panel.sliders["M"].value = M
        lists = row(M, 16, 4.0)["entry_bytes_fp16"]
        assert panel.figure.layout.xaxis2.range[1] > max(lists + 800, 215_296)
        assert f"two-tower {215_296 / 1000:.0f} kB" in "".join(words(panel))


def test_a_hole_shows_no_point(panel):
    panel.put({"M": 2, "sparsity": 0.0})
    assert trace(panel, "chosen, 1 probe").x == () and trace(panel, "chosen, 4 probes").x == ()
    for bar in ("density", "search"):
        assert trace(panel, bar).x == (None,)
    assert trace(panel, "matrix or lists").x == (215_296, None)
    assert trace(panel, "codewords, codes").x == (None, None)
    assert "was not measured" in panel.text.value
    assert "M=2, N=8, sparsity=0" in panel.text.value
    assert sum("not measured" in text for text in words(panel)) == 3
    assert repr(panel) == "Panel(M=2, N=16, sparsity=0, probes=1: not measured)"
    assert "was not measured" in panel.still().alt
    compile(panel.code.code, "copied", "exec")


def test_a_sweep_without_the_optional_numbers():
    panel = Panel(bare())
    assert trace(panel, "search").x == (None,)
    assert any("one search" in text and "not measured" in text for text in words(panel))
    assert trace(panel, "two-tower").x == () and trace(panel, "matrix or lists").x[0] is None
    still = panel.still()
    assert still.png.startswith(b"\x89PNG") and "bytes" in still.alt
    panel.sliders["probes"].value = 4
    assert repr(panel) == "Panel(M=1, N=4, sparsity=0, probes=4: not measured)"
    assert trace(panel, "chosen, 4 probes").y == (None,)


def test_reset_brings_the_code_back_too(panel):
    before = panel.code.code
    panel.put({"M": 2, "N": 4, "sparsity": 0.0, "probes": 4})
    assert panel.code.code == code_text(sweep(), 2, 4, 0.0, probes=4)
    panel.reset.click()
    assert panel.values == {"M": 1, "N": 16, "sparsity": 4.0, "probes": 1}
    assert panel.code.code == before


def test_sliders_say_what_they_are_and_answer_to_keys(panel):
    labels = {"M": "codebooks", "N": "codewords", "sparsity": "L1", "probes": "lists read"}
    assert list(panel.sliders) == list(labels)
    for name, slider in panel.sliders.items():
        assert labels[name] in slider.description
        assert slider._view_name == "SelectionSliderView" and not slider.disabled
    assert [text for text, _ in panel.sliders["sparsity"].options] == ["0", "4"]


def test_first_setting_is_a_measured_one():
    results = sweep()
    results["settings"] = [r for r in results["settings"] if r["sparsity"] == 0.0]
    assert Panel(results).values == {"M": 1, "N": 16, "sparsity": 0.0, "probes": 1}
    assert Panel(sweep(), M=2, N=8).values["M"] == 2


# --- text form, still picture, JavaScript -------------------------------------------------------


def test_stable_text_form(panel):
    expected = "Panel(M=1, N=16, sparsity=4, probes=1: NDCG@50 0.21, 11,640 entries)"
    assert repr(panel) == repr(Panel(sweep())) == expected
    assert repr(panel.code) == repr(CopyCode()) == "CopyCode()"


def test_in_a_notebook_the_words_follow_as_a_fold(panel, monkeypatch):
    sent = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: sent.append(data))
    assert DisplayFormatter().format(panel) == ({}, {})
    assert "image/png" in sent[0] and sent[0]["text/plain"] == repr(panel)
    assert sentence(sweep(), 1, 16, 4.0) in sent[1]["text/plain"]


def test_the_still_picture_is_of_the_same_numbers(panel):
    data = panel.data(**panel.values)
    mine = {"M": 1, "N": 16, "sparsity": 4.0}
    assert data == {**panel.values, **figure_data(sweep(), **mine), "live": None}
    assert panel.still().alt.endswith(sentence(sweep(), **mine))


def test_javascript_is_shipped_and_loads_nothing():
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = shipped["package-data"]["sparcode_mini"]
    scripts = [*(ROOT / "sparcode_mini").glob("widgets/*.js")]
    scripts += (ROOT / "sparcode_mini").glob("lessons/*/*.js")
    assert len(scripts) > 10 and {"widgets/*.js", "lessons/*/*.js"} <= set(patterns)
    for script in scripts:
        code = script.read_text("utf-8")
        assert "fetch(" not in code and "import(" not in code, script.name
        assert "http" not in code.replace("http://www.w3.org/2000/svg", ""), script.name
    assert "import" not in str(CopyCode._esm)
