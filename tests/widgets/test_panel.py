"""The panel shows what was measured and nothing else; its buttons do what they say."""

import ast
import copy
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from nbclient import NotebookClient
from sparcode_mini.widgets.panel_figure import TRACES

import sparcode_mini as sm
from sparcode_mini.training.recipe import Log
from sparcode_mini.widgets import Panel
from sparcode_mini.widgets import live as live_module
from sparcode_mini.widgets.live import Job, comparison
from sparcode_mini.widgets.panel import CopyCode
from sparcode_mini.widgets.settings import (
    code_text,
    figure_data,
    load_sweep,
    options,
    sentence,
    setting,
    total_bytes,
    values,
)
from toys import toy_ratings

ROOT = Path(__file__).parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"


def row(M, N, sparsity):
    """A measured setting whose numbers say which one it is."""
    number = M * 1000 + N * 10 + sparsity
    return {
        "M": M,
        "N": N,
        "sparsity": sparsity,
        "ndcg@50": 0.2 + number / 100_000,
        "ndcg@50 probes=4": 0.21 + number / 100_000,
        "recall@50": 0.3,
        "used": [N - 1] * M,
        "perplexity": [N / 2] * M,
        "codes_possible": N**M,
        "lists": N**M,
        "entries": int(number * 10),
        "density": 0.5 / (1 + sparsity),
        "entry_bytes_fp16": int(number * 60),
        "other_bytes": 800,
        "search_us": 20.0 + M,
        "seconds": 1.0,
    }


def sweep():
    """M in 1, 2; N in 4, 8, 16; sparsity in 0, 4; with a hole at (2, 16, 0)."""
    grid = [(M, N, s) for M in (1, 2) for N in (4, 8, 16) for s in (0.0, 4.0)]
    small = {"token_dim": 8, "history_len": 10, "query_tokens": 2, "hidden": 4}
    return {
        "config": {"model": small, "fit": {"epochs": 6}, "seed": 0},
        "settings": [row(*point) for point in grid if point != (2, 16, 0.0)],
        "baselines": {
            "popularity": {"ndcg@50": 0.15},
            "two-tower": {"ndcg@50": 0.25, "bytes_fp16": 215_296},
        },
    }


def everyone_has_a_history():
    """The toy data without the user who never rated anything."""
    ratings = toy_ratings()
    return sm.data.from_frames(ratings.interactions, items=ratings.items)


@pytest.fixture
def panel():
    return Panel(sweep())


@pytest.fixture(scope="module")
def split():
    return everyone_has_a_history().split()


def trace(panel, name):
    return panel.figure.data[TRACES.index(name)]


# --- pure functions -----------------------------------------------------------------------------


def test_a_measured_setting_is_the_stored_row():
    assert setting(sweep(), 2, 8, 4.0) == {**row(2, 8, 4.0), "measured": True}
    assert setting(sweep(), 2, 8, 4)["measured"]  # an int will do


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ((2, 16, 0.0), [(1, 16, 0.0), (2, 8, 0.0), (2, 16, 4.0)]),
        ((1, 12, 0.0), [(1, 8, 0.0), (1, 16, 0.0)]),  # between two values of the grid
        ((1, 99, 0.0), [(1, 16, 0.0)]),
        ((0, 4, 0.0), [(1, 4, 0.0)]),
    ],
)
def test_a_hole_names_its_neighbours_and_invents_nothing(wanted, nearest):
    found = setting(sweep(), *wanted)
    assert not found["measured"]
    assert [(r["M"], r["N"], r["sparsity"]) for r in found["nearest"]] == nearest
    assert set(found) == {"M", "N", "sparsity", "measured", "nearest"}


def test_figure_data_of_a_setting():
    data = figure_data(sweep(), 1, 8, 4.0)
    mine = row(1, 8, 4.0)
    assert data["chosen"] == {
        "bytes": [mine["entry_bytes_fp16"] + 800],
        "one": [mine["ndcg@50"]],
        "four": [mine["ndcg@50 probes=4"]],
        "names": ["M=1, N=8, sparsity=4"],
    }
    assert len(data["all"]["bytes"]) == len(data["densities"]) == len(data["searches"]) == 11
    assert data["bars"] == {
        "lists": mine["entry_bytes_fp16"],
        "rest": 800,
        "density": mine["density"],
        "search": 21.0,
    }
    assert data["two-tower"] == {"bytes": 215_296, "ndcg": 0.25}
    assert data["popularity"] == 0.15


def test_the_axes_do_not_move_with_the_sliders():
    one, hole = figure_data(sweep(), 1, 4, 0.0), figure_data(sweep(), 2, 16, 0.0)
    assert one["range"] == hole["range"]
    lowest, highest = min(one["all"]["one"]), one["two-tower"]["ndcg"]
    assert 0.15 < one["range"][0] < lowest and one["range"][1] > highest
    assert hole["chosen"] == {"bytes": [], "one": [], "four": [], "names": []}
    assert set(hole["bars"].values()) == {None}


def test_sentence_in_plain_words():
    text = sentence(sweep(), 1, 8, 4.0)
    assert text == (
        "M=1, N=8, sparsity=4: 8 of 8 possible lists with 10,840 entries (65 kB at 6 bytes each, "
        "plus 800 B for codewords and codes); 10.0% of all pairs of a list and a film are kept. "
        "NDCG@50 is 0.211 with one probe and 0.221 with four: 84% and 88% of the two-tower's 0.250 "
        "(popularity: 0.150). 7 of 8 codewords are in use. One search takes 21 µs."
    )
    hole = sentence(sweep(), 2, 16, 0.0)
    assert hole.startswith("M=2, N=16, sparsity=0 was not measured in this sweep")
    assert "M=1, N=16, sparsity=0; M=2, N=8, sparsity=0; M=2, N=16, sparsity=4." in hole


def test_a_sweep_without_the_optional_numbers():
    needed = {"M", "N", "sparsity", "ndcg@50", "lists", "entries", "density", "entry_bytes_fp16"}
    bare = {"settings": [{k: v for k, v in row(1, 4, 0.0).items() if k in needed}]}
    text = sentence(bare, 1, 4, 0.0)
    assert "NDCG@50 is 0.210 with one probe." in text
    assert "two-tower" not in text and "search" not in text
    panel = Panel(bare)
    assert trace(panel, "search").x == (None,)
    assert "not measured" in panel.figure.layout.annotations[3].text
    assert panel.still().png.startswith(b"\x89PNG")
    assert total_bytes(bare["settings"][0]) == row(1, 4, 0.0)["entry_bytes_fp16"]
    assert "bytes" in panel.still().alt


def test_load_sweep(tmp_path):
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(sweep()))
    assert load_sweep(path) == load_sweep(str(path)) == sweep()
    with pytest.raises(FileNotFoundError, match="make it with `sparcode-mini sweep`"):
        load_sweep(tmp_path / "none.json")
    with pytest.raises(ValueError, match="no measured setting"):
        load_sweep({"settings": []})
    broken = sweep()
    del broken["settings"][3]["entries"]
    with pytest.raises(ValueError, match=r"lacks \['entries'\]"):
        load_sweep(broken)


def test_the_default_is_the_projects_own_file(monkeypatch):
    asked = []
    monkeypatch.setattr(Path, "is_file", lambda path: asked.append(path))
    with pytest.raises(FileNotFoundError):
        load_sweep()
    assert asked == [ROOT / "assets" / "results" / "sweep.json"]


def test_values_of_the_sliders_rise():
    shuffled = sweep()
    shuffled["settings"].reverse()
    assert [values(shuffled, name) for name in ("M", "N", "sparsity")] == [
        [1, 2],
        [4, 8, 16],
        [0.0, 4.0],
    ]


def keywords(text):
    """The keyword arguments of each call of some code."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return {
        ast.unparse(call.func): {k.arg: ast.literal_eval(k.value) for k in call.keywords}
        for call in calls
        if ast.unparse(call.func) in ("sm.SparCode", "sm.fit", "sm.SparseIndex.build")
    }


def test_code_text_names_every_value():
    results = sweep()
    results["config"]["fit"]["stages"] = [0.4, 0.5]
    text = code_text(results, 2, 16, 4)
    compile(text, "copied", "exec")
    found = keywords(text)
    model = {"token_dim": 8, "history_len": 10, "query_tokens": 2, "hidden": 4, "seed": 0}
    assert found["sm.SparCode"] == {"M": 2, "N": 16, **model}
    fit = {"epochs": 6, "seed": 0, "stages": (0.4, 0.5), "sparsity": 4.0}
    assert found["sm.fit"] == fit
    assert found["sm.SparseIndex.build"] == {"codes": "all"}
    assert keywords(code_text(results, 4, 16, 0))["sm.SparseIndex.build"] == {
        "codes": "seen",
        "probes": 4,
    }
    assert results["config"]["fit"] == {"epochs": 6, "stages": [0.4, 0.5]}  # left as it was
    assert options({"settings": []}) == ({}, {})


def test_the_copied_code_runs(split, monkeypatch, capsys):
    ratings = everyone_has_a_history()
    monkeypatch.setattr(sm.data, "movielens_100k", lambda: ratings)
    results = sweep()
    results["config"]["fit"]["epochs"] = 2
    exec(compile(code_text(results, 1, 4, 0.0), "copied", "exec"), {})
    printed = capsys.readouterr().out
    assert "ndcg@50" in printed and "'lists': 4" in printed


# --- sliders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), [("M", 2), ("N", 4), ("sparsity", 0.0)])
def test_each_slider_moves_the_figure_the_words_and_the_code(panel, name, value):
    before = panel.text.value, panel.code.code
    getattr(panel, name).value = value
    chosen = {"M": 1, "N": 16, "sparsity": 4.0, name: value}
    mine = row(**chosen)
    assert trace(panel, "chosen, 1 probe").x == (mine["entry_bytes_fp16"] + 800,)
    assert trace(panel, "chosen, 1 probe").y == (mine["ndcg@50"],)
    assert trace(panel, "chosen, 4 probes").y == (mine["ndcg@50 probes=4"],)
    assert trace(panel, "chosen, 4 probes").text == (
        f"M={chosen['M']}, N={chosen['N']}, sparsity={chosen['sparsity']:g}",
    )
    assert trace(panel, "lists").x == (215_296, mine["entry_bytes_fp16"])
    assert trace(panel, "codewords, codes").x == (None, 800)
    assert trace(panel, "density").x == (mine["density"],)
    assert trace(panel, "search").x == (mine["search_us"],)
    assert f"{mine['density']:.1%}" in panel.figure.layout.annotations[2].text
    assert panel.text.value != before[0] and panel.code.code != before[1]
    assert f"{mine['entries']:,} entries" in panel.text.value


def test_a_move_of_a_slider_is_one_message(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(panel.figure, "_send_update_msg", lambda *a, **k: sent.append(a))
    for other in ("_send_restyle_msg", "_send_relayout_msg"):
        monkeypatch.setattr(panel.figure, other, lambda *a, **k: sent.append("one more"))
    panel.N.value = 4
    assert len(sent) == 1


def test_measured_settings_and_baselines_are_always_there(panel):
    for name in ("measured, 1 probe", "measured, 4 probes", "all densities", "all searches"):
        assert len(trace(panel, name).x) == 11
    assert trace(panel, "two-tower").x == (215_296,)
    assert [shape.y0 for shape in panel.figure.layout.shapes] == [0.25]
    words = {annotation.text for annotation in panel.figure.layout.annotations}
    assert {"two-tower 0.250", "popularity 0.150 is below"} <= words


def test_popularity_is_a_line_where_the_axis_reaches_it():
    near = sweep()
    near["baselines"]["popularity"]["ndcg@50"] = 0.24
    figure = Panel(near).figure
    assert sorted(shape.y0 for shape in figure.layout.shapes) == [0.24, 0.25]
    assert "popularity 0.240" in {annotation.text for annotation in figure.layout.annotations}


def test_shapes_tell_the_points_apart_without_colour(panel):
    names = TRACES[: TRACES.index("live") + 1]
    assert len({trace(panel, name).marker.symbol for name in names}) == len(names)
    assert trace(panel, "codewords, codes").marker.pattern.shape == "/"


def test_a_hole_shows_no_point(panel):
    panel.M.value, panel.sparsity.value = 2, 0.0
    assert trace(panel, "chosen, 1 probe").x == () and trace(panel, "chosen, 4 probes").x == ()
    assert trace(panel, "density").x == (None,)
    assert "was not measured" in panel.text.value
    assert "M=2, N=8, sparsity=0" in panel.text.value
    assert all("not measured" in a.text for a in panel.figure.layout.annotations[1:4])
    assert repr(panel) == "Panel(M=2, N=16, sparsity=0: not measured)"
    assert "was not measured" in panel.still().alt
    compile(panel.code.code, "copied", "exec")


def test_reset(panel):
    before = panel.text.value, panel.code.code, repr(panel)
    panel.M.value, panel.N.value, panel.sparsity.value = 2, 4, 0.0
    panel._trained({"bytes": 10, "ndcg": 0.1})
    assert trace(panel, "live").x == (10,)
    assert panel.figure.layout.yaxis.range[0] < 0.1  # the point is not off the axis
    panel.reset.click()
    assert panel.figure.layout.yaxis.range == figure_data(sweep(), 1, 16, 4.0)["range"]
    assert panel.chosen == (1, 16, 4.0)
    assert (panel.text.value, panel.code.code, repr(panel)) == before
    assert trace(panel, "chosen, 1 probe").y == (row(1, 16, 4.0)["ndcg@50"],)
    assert trace(panel, "live").x == () and not trace(panel, "live").visible


def test_sliders_say_what_they_are_and_answer_to_keys(panel):
    for slider, word in ((panel.M, "codebooks"), (panel.N, "codewords"), (panel.sparsity, "L1")):
        assert word in slider.description
        assert slider._view_name == "SelectionSliderView" and not slider.disabled
    assert [text for text, _ in panel.sparsity.options] == ["0", "4"]


def test_first_setting_is_a_measured_one():
    results = sweep()
    results["settings"] = [r for r in results["settings"] if r["sparsity"] == 0.0]
    assert Panel(results).chosen == (1, 16, 0.0)


# --- text form and still picture ----------------------------------------------------------------


def test_stable_text_form(panel):
    expected = "Panel(M=1, N=16, sparsity=4: NDCG@50 0.21, 11,640 entries)"
    assert repr(panel) == repr(Panel(sweep())) == expected
    assert repr(panel.code) == repr(CopyCode()) == "CopyCode()"


def test_bundle_has_widget_still_picture_and_text(panel):
    data, metadata = panel._repr_mimebundle_()
    assert set(data) == {WIDGET, "image/png", "text/plain"}
    assert data[WIDGET]["model_id"] == panel.model_id
    assert data["text/plain"] == repr(panel)
    alt = metadata["image/png"]["alt"]
    assert alt.endswith(sentence(panel.results, *panel.chosen))
    panel.N.value = 4
    assert panel._repr_mimebundle_()[0]["image/png"] != data["image/png"]


def test_in_a_notebook_the_words_follow_as_a_fold(panel, monkeypatch):
    sent = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: sent.append(data))
    assert DisplayFormatter().format(panel) == ({}, {})
    assert set(sent[0]) == {WIDGET, "image/png", "text/plain"}
    assert sentence(panel.results, *panel.chosen) in sent[1]["text/plain"]


def test_javascript_is_shipped_and_loads_nothing():
    import tomllib

    folder = ROOT / "sparcode_mini" / "widgets"
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert "widgets/*.js" in shipped["package-data"]["sparcode_mini"]
    code = (folder / "copy_code.js").read_text()
    assert str(CopyCode._esm) == code
    assert "import" not in code and "http" not in code


# --- live training ------------------------------------------------------------------------------


def train(panel):
    panel.live.train.click()
    panel.live.thread.join(timeout=120)
    assert not panel.live.thread.is_alive()


def test_without_data_the_button_is_off_and_says_why(panel):
    assert panel.live.train.disabled and panel.live.stop.disabled
    assert "Panel(split=split)" in panel.live.status.value
    panel.live.start()
    assert panel.live.thread is None


def test_live_training_shows_each_epoch_and_compares(split, monkeypatch):
    monkeypatch.delenv("SPARCODE_PROGRESS", raising=False)
    panel = Panel(sweep(), split, live_epochs=3)
    said, bars, quiet = [], [], []
    panel.live.status.observe(lambda change: said.append(change.new), names="value")
    panel.live.bar.observe(lambda change: bars.append(change.new), names="value")
    panel.live.bar.observe(lambda _: quiet.append(os.environ["SPARCODE_PROGRESS"]), names="value")
    panel.N.value, panel.sparsity.value = 4, 0.0
    train(panel)
    assert bars == [1, 2, 3]
    assert set(quiet) == {"0"} and "SPARCODE_PROGRESS" not in os.environ
    assert "training starts" in said[0]
    for epoch, text in enumerate(said[1:4], 1):
        assert f"M=1, N=4, sparsity=0: epoch {epoch} of 3" in text
        assert "NDCG@50" in text and "validation" in text
    stored = row(1, 4, 0.0)
    assert f"Stored run, 6 epochs: {stored['ndcg@50']:.3f}" in said[-1]
    assert "The live training was shorter" in said[-1]
    model = panel.live.model
    assert (model.quantizer.M, model.quantizer.N, model.config.token_dim) == (1, 4, 8)
    index = sm.SparseIndex.build(model, codes="all")
    score = sm.evaluate(model, split, k=(50,), index=index)["ndcg@50"]
    assert f"NDCG@50 {score:.3f} on test" in said[-1]
    assert trace(panel, "live").y == (score,) and trace(panel, "live").visible
    assert trace(panel, "live").x == (total_bytes(index.stats()),)
    assert (panel.live.train.disabled, panel.live.stop.disabled) == (False, True)
    assert panel.live.bar.layout.visibility == "hidden"


def test_live_training_takes_the_sparsity_of_its_slider(split, monkeypatch):
    asked = []

    def fake_fit(model, split, on_epoch, **recipe):
        asked.append(recipe)
        raise RuntimeError("far enough")

    monkeypatch.setattr(live_module, "fit", fake_fit)
    panel = Panel(sweep(), split, live_epochs=2)
    train(panel)
    assert asked == [{"epochs": 2, "sparsity": 4.0, "seed": 0}]


def test_stop_button(split, monkeypatch):
    panel = Panel(sweep(), split, live_epochs=40)
    reached, go_on = threading.Event(), threading.Event()

    def wait(change):
        reached.set()
        assert go_on.wait(60)

    panel.live.bar.observe(wait, names="value")
    panel.N.value = 4
    panel.live.train.click()
    assert reached.wait(60)
    assert (panel.live.train.disabled, panel.live.stop.disabled) == (True, False)
    other = Panel(sweep(), split)  # a second training would fight for the processor
    other.live.train.click()
    assert other.live.thread is None and "training already" in other.live.status.value
    panel.live.stop.click()
    assert "Stopping" in panel.live.status.value and panel.live.stop.disabled
    go_on.set()
    panel.live.thread.join(timeout=60)
    assert "stopped after epoch 1 of 40, before quantiser" in panel.live.status.value
    assert not trace(panel, "live").visible
    assert not panel.live.train.disabled
    with pytest.raises(RuntimeError, match="linear"):
        sm.SparseIndex.build(panel.live.model)


def test_errors_in_the_thread_are_shown(split):
    results = sweep()
    results["settings"] = [row(3, 4, 0.0)]  # 3 codebooks don't divide tokens of width 8
    panel = Panel(results, split, live_epochs=2)
    train(panel)
    assert "Training failed: ValueError: " in panel.live.status.value
    assert "3" in panel.live.status.value
    assert not panel.live.train.disabled and panel.live.stop.disabled
    assert not live_module._ONE_AT_A_TIME.locked()


def compare(job, rows=2, interrupted=False, epochs=2, fingerprint="mine"):
    log = Log(rows=[{}] * rows, interrupted=interrupted)
    result = {"ndcg@50": 0.1, "entries": 1234}
    return comparison(job, log, epochs, result, fingerprint)


def test_comparison_is_honest():
    stored = {**row(1, 4, 0.0), "ndcg@50": 0.2}
    text = compare(Job(stored, fit={"epochs": 6}))
    assert "trained here (2 epochs): NDCG@50 0.100 on test, 1,234 entries." in text
    assert text.endswith("The live training was shorter: it has reached 50% of that.")
    assert "shorter" not in compare(Job(stored, fit={"epochs": 2}))
    stopped = compare(Job(stored, fit={"epochs": 9}), interrupted=True, rows=7, epochs=9)
    assert "stopped after 7 of 9 epochs" in stopped and "shorter" in stopped
    hole = {"M": 2, "N": 16, "sparsity": 0.0}
    assert "no stored run to compare with" in compare(Job(hole))
    assert "can't be compared" in compare(Job(stored, data="another"))
    assert "can't" not in compare(Job(stored, data="mine"))


def test_a_users_own_setting_of_bars_comes_back(split, monkeypatch):
    monkeypatch.setenv("SPARCODE_PROGRESS", "1")
    with live_module._no_other_bars():
        assert os.environ["SPARCODE_PROGRESS"] == "0"
    assert os.environ["SPARCODE_PROGRESS"] == "1"


# --- in a kernel --------------------------------------------------------------------------------

CELLS = (
    "import json, sys\n"
    "sys.path.insert(0, {root!r})\n"
    "from pathlib import Path\n"
    "from sparcode_mini.widgets import Panel\n"
    "panel = Panel(json.loads(Path('sweep.json').read_text()))\n"
    "panel",
    "panel.N.value = 4",
)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """(folder, notebook after its run, widget states after each cell)."""
    folder = tmp_path_factory.mktemp("panel")
    (folder / "sweep.json").write_text(json.dumps(sweep()))
    sources = [CELLS[0].format(root=str(ROOT)), CELLS[1]]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=120, record_timing=False, resources=resources)
    states = []
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
            states.append(copy.deepcopy(client.widget_state))
    return folder, notebook, states


def test_the_front_end_hears_of_the_move(kernel):
    _, _, (before, after) = kernel

    def words(state):
        return [s["value"] for s in state.values() if "NDCG@50 is" in str(s.get("value"))]

    def code(state):
        return [s["code"] for s in state.values() if "code" in s]

    assert "11,640 entries" in words(before)[0] and "10,440 entries" in words(after)[0]
    assert "N=16" in code(before)[0] and "N=4" in code(after)[0]
    view = kernel[1].cells[0].outputs[0].data[WIDGET]["model_id"]
    assert view in before


def test_the_stored_output_has_a_picture_and_its_words(kernel):
    first, second = kernel[1].cells[0].outputs
    assert set(first.data) == {WIDGET, "image/png", "text/plain"}
    assert first.data["text/plain"].startswith("Panel(M=1, N=16, sparsity=4")
    assert first.metadata["image/png"]["alt"] in second.data["text/plain"]
    assert set(second.data) == {"text/html", "text/plain"}


def test_nbval_finds_the_stored_notebook_equal(kernel):
    folder, notebook, _ = kernel
    del notebook.cells[0].outputs[0].data[WIDGET]  # as `make notebooks` stores it
    for number, cell in enumerate(notebook.cells, 1):
        cell.execution_count = number
    nbformat.write(notebook, folder / "panel.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-q",
        "panel.ipynb",
    ]
    more = ["-p", "no:cacheprovider", "--rootdir", str(folder)]
    run = subprocess.run([*command, *more], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout
