"""nbtext.py out NB TXT | nbtext.py in TXT NB : a notebook as text, and back.

Each cell begins with a line  %%%% markdown ID [tag,tag]  or  %%%% code ID [tag,tag]
ID may be "-" for a new cell. On the way back outputs of code cells with the same id stay until the
notebook is executed again; metadata other than tags stays too.
"""
import json, sys
mode, a, b = sys.argv[1:4]
def src(text):
    lines = text.strip("\n").split("\n"); return [l + "\n" for l in lines[:-1]] + [lines[-1]]
if mode == "out":
    nb = json.load(open(a))
    with open(b, "w") as f:
        for c in nb["cells"]:
            tags = ",".join(c["metadata"].get("tags", []))
            f.write(f"%%%% {c['cell_type']} {c.get('id','-')}{' ' + tags if tags else ''}\n{''.join(c['source'])}\n")
else:
    try: nb = json.load(open(b))
    except FileNotFoundError:
        nb = {"cells": [], "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}
    old = {c.get("id"): c for c in nb["cells"]}
    cells = []
    for part in open(a).read().split("%%%% ")[1:]:
        head, _, text = part.partition("\n"); kind, ident, *tags = head.split()
        c = dict(old.get(ident, {}))
        if c.get("cell_type") != kind: c = {"metadata": {}}
        c["cell_type"] = kind; c["source"] = src(text)
        c["metadata"] = {k: v for k, v in c.get("metadata", {}).items() if k != "tags"}
        if tags: c["metadata"]["tags"] = tags[0].split(",")
        if ident != "-": c["id"] = ident
        else: c.pop("id", None)
        if kind == "code": c.setdefault("outputs", []); c.setdefault("execution_count", None)
        cells.append(c)
    nb["cells"] = cells
    open(b, "w").write(json.dumps(nb, indent=1, ensure_ascii=False) + "\n")
