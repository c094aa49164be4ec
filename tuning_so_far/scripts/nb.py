"""nb.py show NB [from to] | set NB ID < source : print cells' sources, or set one."""
import json,sys
cmd, path, *rest = sys.argv[1:]
nb=json.load(open(path))
if cmd=="show":
    a,b=(int(x) for x in rest[:2]) if rest else (0,10**6)
    for i,c in enumerate(nb["cells"]):
        if a<=i<b:
            print(f"=== [{i}] {c['cell_type']} {c['id']}"); print("".join(c["source"]))
            if c["cell_type"]=="code" and len(rest)>2:
                for o in c["outputs"]:
                    t=o.get("text") or o.get("data",{}).get("text/plain") or ""
                    print("   >>>", "".join(t)[:1500])
elif cmd=="set":
    src=sys.stdin.read().rstrip("\n")
    for c in nb["cells"]:
        if c["id"]==rest[0]:
            lines=src.split("\n"); c["source"]=[l+"\n" for l in lines[:-1]]+[lines[-1]]; break
    else: raise SystemExit("no cell "+rest[0])
    open(path,"w").write(json.dumps(nb,indent=1,ensure_ascii=False)+"\n")
elif cmd=="replace":
    old,new=rest[:2]; n=0
    for c in nb["cells"]:
        s="".join(c["source"])
        if old in s:
            s=s.replace(old,new); n+=1; lines=s.split("\n"); c["source"]=[l+"\n" for l in lines[:-1]]+[lines[-1]]
    print(n,"cells"); open(path,"w").write(json.dumps(nb,indent=1,ensure_ascii=False)+"\n")
