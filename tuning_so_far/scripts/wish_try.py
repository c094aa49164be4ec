import time, torch, numpy as np, sys

torch.set_num_threads(1)
from sparcode_mini import data
from sparcode_mini.studies import wishes as W
from sparcode_mini.studies.common import wish_training as T
from sparcode_mini.model.load import load_model

split = data.movielens_100k().split()
labels = W.labels_of(data.movielens_100k())
model = load_model("/work/runs16/table/tune-two-tower-gru-0.008-0.2.safetensors", split)
fr = T.Frozen(model, split)
q = W.draw_queries(split, labels, "validation", 7)
qt = W.draw_queries(split, labels, "test", 7)
for epochs in (8, 24):
    for name, kw, width, lr in [
        ("MaxSim", {}, 17, 1e-2),
        ("constants", {"constant": 15.0}, 9, 1e-2),
        ("one vector", {}, 17, 1e-2),
        ("lists", {"constant": 15.0, "pull": 1.0}, 9, 1e-2),
    ]:
        k = W.KINDS[name]
        m = k.model(fr.start(width, labels), 0, **kw)
        t = time.time()
        s = T.fit_wishes(m, fr, labels, q, T.Steps(lr, epochs), 0)
        r = T.people(m, fr, qt)
        print(
            name,
            epochs,
            [round(x, 4) for x in s],
            {a: round(float(b.mean()), 4) for a, b in r.items()},
            round(time.time() - t),
            flush=True,
        )
