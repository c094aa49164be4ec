import json,sys,base64
nb=json.load(open(sys.argv[1])); n=0
for i,c in enumerate(nb["cells"]):
    if c["cell_type"]!="code": continue
    for o in c["outputs"]:
        d=o.get("data",{})
        t=o.get("text") or d.get("text/plain") or ""
        print(f"[{i}]", "".join(t))
        if "image/png" in d and len(sys.argv)>2:
            n+=1; open(f"{sys.argv[2]}/{i:02d}.png","wb").write(base64.b64decode(d["image/png"]))
