import sparcode_mini as sm
import toys
from sparcode_mini.cli import train as train_command


def test_train_makes_each_kind_of_model(toy_data, run):
    for kind, cls in (("two-tower", sm.TwoTower), ("all-to-all", sm.AllToAll)):
        out = toy_data / f"{kind}.safetensors"
        code, _ = run("train", "--model", kind, "--epochs", 2, "--token-dim", 8, "--out", out)
        assert code == 0
        assert type(sm.load_model(out)) is cls


def test_interrupted_training_resumes_to_the_same_model(toy_data, run, monkeypatch):
    straight, stopped = toy_data / "a.safetensors", toy_data / "b.safetensors"
    assert run(*toys.TRAIN, "--epochs", 4, "--out", straight)[0] == 0
    printed = train_command.print_epoch

    def stop_at_two(row):
        printed(row)
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(train_command, "print_epoch", stop_at_two)
    code, text = run(*toys.TRAIN, "--epochs", 4, "--out", stopped)
    assert code == 130 and "--resume" in text.out and sm.load_model(stopped).stage == "hard"
    monkeypatch.setattr(train_command, "print_epoch", printed)
    assert run(*toys.TRAIN, "--epochs", 4, "--out", stopped, "--resume")[0] == 0
    assert toys.same_weights(sm.load_model(straight), sm.load_model(stopped))


def test_an_interrupted_training_keeps_its_best_and_is_not_started_over(toy_data, run, monkeypatch):
    def stop_at(epoch):
        def printed(row):
            if row["epoch"] == epoch:
                raise KeyboardInterrupt

        return printed

    out = toy_data / "m.safetensors"
    command = [*toys.TRAIN, "--epochs", 6, "--out", out]
    monkeypatch.setattr(train_command, "print_epoch", stop_at(0))
    code, text = run(*command)
    assert code == 130 and "no epoch has counted" in text.out and not out.exists()
    code, text = run(*command)
    assert code == 2 and "add --resume" in text.err
    monkeypatch.setattr(train_command, "print_epoch", stop_at(4))
    code, text = run(*command, "--resume")
    assert code == 130 and "best epoch so far" in text.out
    assert sm.load_model(out).stage == "hard"


def test_options_that_do_nothing_are_refused(toy_data, run):
    code, text = run("train", "--model", "two-tower", "--M", 5)
    assert code == 2 and "--M 5 means nothing to a two-tower" in text.err
