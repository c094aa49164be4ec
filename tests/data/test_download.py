from sparcode_mini.data import download as fetch


def test_a_bar_counts_megabytes_and_stays_away_at_the_end(monkeypatch):
    calls = []

    class Shown:
        def update(self, steps):
            calls.append(steps)

        def close(self):
            calls.append("closed")

    monkeypatch.setattr(
        fetch, "progress", lambda total, desc: calls.append((total, desc)) or Shown()
    )
    bar = fetch.Bar("x.zip")
    bar.total = 2_500_000
    for _ in range(3):
        bar.update(900_000)
    bar.reset()
    bar.update(bar.total)
    bar.close()
    assert calls == [(2, "x.zip, MB"), 0, 1, 1, "closed"]
