"""readcopy.py NB FOLDER: a reader's copy, cells in order with stored outputs; pictures as PNG files."""
import json,sys,base64,os
nb=json.load(open(sys.argv[1])); out=sys.argv[2]; os.makedirs(out,exist_ok=True); w=open(out+"/lesson.md","w"); n=0
for i,c in enumerate(nb["cells"]):
    s="".join(c["source"])
    if c["cell_type"]!="code": w.write(f"\n[{i}] {s}\n"); continue
    w.write(f"\n[{i}] ```python {' '.join(c['metadata'].get('tags',[]))}\n{s}\n```\n")
    for o in c["outputs"]:
        d=o.get("data",{}); t=o.get("text") or d.get("text/plain") or ""
        h=" (stored hidden)" if c["metadata"].get("jupyter",{}).get("outputs_hidden") else ""
        if "image/png" in d:
            n+=1; open(f"{out}/{i:03d}.png","wb").write(base64.b64decode(d["image/png"])); w.write(f"picture: {i:03d}.png{h}\n")
            m=o.get("metadata",{}); w.write("alt/meta: "+json.dumps(m,ensure_ascii=False)[:1500]+"\n") if m else None
            html=d.get("text/html"); w.write("html: "+"".join(html)[:300]+"\n") if html else None
        else: w.write(f"output{h}:\n"+"".join(t)[:3000]+"\n")
