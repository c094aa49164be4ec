"""Train the chosen setting while the notebook stays usable: a thread, a bar, and a stop button."""

import html
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import ipywidgets

from sparcode_mini.data.split import Split
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.studies.common.train_and_measure import served
from sparcode_mini.tools.language import translated
from sparcode_mini.training.fit import fit
from sparcode_mini.training.recipe import Log
from sparcode_mini.widgets.settings import ONE, name_of, total_bytes

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Job:
    """A setting to train, and the result of a stored run of the same setting.

    Attributes:
        row: "M", "N", "sparsity", and what was measured, if anything was.
        model: further keyword arguments of SparCode.
        fit: further keyword arguments of fit; its "epochs" are those of the stored run.
        on: part of the data on which the stored numbers were measured.
        data: fingerprint of the data of the stored run, "" if it is not known.
    """

    row: dict[str, Any]
    model: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)
    on: str = "test"
    data: str = ""


class Live(ipywidgets.VBox):  # type: ignore[misc]
    """Two buttons, a bar and a line of text around `fit` in a thread.

    Args:
        split: data to train on; None disables training and says why.
        epochs: of the live training, usually fewer than in the stored runs.
        choose: called at a click, returns the Job.
        trained: called in the thread with {"bytes", "ndcg"} of a finished training.

    Attributes:
        thread: the latest training, None before the first; `thread.join()` waits for its end.
        model: the model of the latest training, None before its end.
    """

    def __init__(
        self,
        split: Split | None,
        epochs: int,
        choose: Callable[[], Job],
        trained: Callable[[dict[str, Any]], None],
    ) -> None:
        self.split, self.epochs = split, epochs
        self.thread: threading.Thread | None = None
        self.model: SparCode | None = None
        self._choose, self._trained, self._stop = choose, trained, threading.Event()
        wide = ipywidgets.Layout(width="auto")
        text = f"Train this setting live ({epochs} epochs)"
        self.train = ipywidgets.Button(description=translated(text), layout=wide, icon="play")
        end = translated("Stop")
        self.stop = ipywidgets.Button(description=end, layout=wide, icon="stop", disabled=True)
        self.bar = ipywidgets.IntProgress(min=0, max=epochs, layout={"width": "180px"})
        self.bar.layout.visibility = "hidden"
        self.status = ipywidgets.HTML()
        self.train.on_click(lambda _: self.start())
        self.stop.on_click(lambda _: self.halt())
        if split is None:
            self.train.disabled = True
            self.say("Live training needs data: Panel(split=split).")
        super().__init__([ipywidgets.HBox([self.train, self.stop, self.bar]), self.status])

    def say(self, text: str) -> None:
        """Show a line of text below the buttons."""
        self.status.value = spoken(text)

    # --- the buttons ------------------------------------------------------------------------

    def start(self) -> None:
        """Start to train in a thread, unless a training is already running."""
        if self.split is None:
            return
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            self.say("A panel of this kernel is training already; stop it or wait for its end.")
            return
        job = self._choose()
        self._stop.clear()
        self.train.disabled, self.stop.disabled = True, False
        self.bar.value, self.bar.layout.visibility = 0, "visible"
        self.say(f"{name_of(job.row)}: training starts.")
        self.thread = threading.Thread(target=self._run, args=(job, self.split), daemon=True)
        self.thread.start()

    def halt(self) -> None:
        """Ask the training to end; it does so after the epoch that is running."""
        self._stop.set()
        self.stop.disabled = True
        self.say("Stopping after the epoch that is running.")

    # --- the thread -------------------------------------------------------------------------

    def _run(self, job: Job, split: Split) -> None:
        try:
            with _no_other_bars():
                self._train_and_compare(job, split)
        except Exception as error:  # the reader must see every error
            self.say(f"Training failed: {type(error).__name__}: {error}")
        finally:
            _ONE_AT_A_TIME.release()
            self.train.disabled, self.stop.disabled = False, True
            self.bar.layout.visibility = "hidden"

    def _train_and_compare(self, job: Job, split: Split) -> None:
        row = job.row
        model = SparCode(split, **{"M": row["M"], "N": row["N"]} | job.model)
        recipe = {**job.fit, "epochs": self.epochs, "sparsity": row["sparsity"]}
        log = fit(model, split, on_epoch=lambda epoch: self._after_epoch(job, epoch), **recipe)
        self.model = model
        if log.interrupted and log.best_epoch is None:
            self.say(
                f"{name_of(row)}: stopped after epoch {len(log.rows)} of {self.epochs}, before "
                "quantiser and hard ReLU were on, so there is nothing to compare yet."
            )
            return
        self.say(f"{name_of(row)}: building the index and ranking the {job.on} part.")
        result = served(model, split, job.on)  # as in the stored run
        self.say(comparison(job, log, self.epochs, result, split.fingerprint))
        self._trained({"bytes": total_bytes(result), "ndcg": result[ONE]})

    def _after_epoch(self, job: Job, epoch: dict[str, Any]) -> None:
        done = epoch["epoch"] + 1
        self.bar.value = done
        score = f", NDCG@50 {epoch[ONE]:.3f} on validation" if ONE in epoch else ""
        stage, loss = epoch["stage"], epoch["loss"]
        at = f"{name_of(job.row)}: epoch {done} of {self.epochs} ({stage} stage)"
        if self._stop.is_set() and done < self.epochs:
            raise KeyboardInterrupt  # stops `fit`
        self.say(f"{at}: loss {loss:.3f}{score}")


def comparison(job: Job, log: Log, epochs: int, result: dict[str, Any], fingerprint: str) -> str:
    """Describe the result of a live training, beside the stored run of the same setting."""
    ran = f"stopped after {len(log.rows)} of {epochs}" if log.interrupted else f"{epochs}"
    text = (
        f"{name_of(job.row)}, trained here ({ran} epochs): "
        f"NDCG@50 {result[ONE]:.3f} on {job.on}, {result['entries']:,} entries."
    )
    if ONE not in job.row:
        return f"{text} This setting has no stored run to compare with."
    if job.data and job.data != fingerprint:
        return f"{text} The stored run used other data, so the two can't be compared."
    stored, planned = job.row[ONE], job.fit.get("epochs")
    length = f", {planned} epochs" if planned else ""
    text += f" Stored run{length}: {stored:.3f}, {job.row['entries']:,} entries."
    if log.interrupted or planned != epochs:
        text += (
            f" The live training was shorter: it has reached {result[ONE] / stored:.0%} of that."
        )
    return text


def spoken(text: str) -> str:
    """Return the HTML of a text that screen readers read out when it changes."""
    style = "line-height: 1.45; max-width: 75em; padding-bottom: 6px"
    inside = html.escape(translated(text))
    return f'<div role="status" aria-live="polite" style="{style}">{inside}</div>'


@contextmanager
def _no_other_bars() -> Iterator[None]:
    """Hide the progress bars of the library; they would appear in some other cell."""
    before = os.environ.get("SPARCODE_PROGRESS")
    os.environ["SPARCODE_PROGRESS"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SPARCODE_PROGRESS"]
        else:
            os.environ["SPARCODE_PROGRESS"] = before
