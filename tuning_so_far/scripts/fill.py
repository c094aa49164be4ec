import json,sys
def fill(nb, pairs):
    p=f"notebooks/{nb}"; s=json.load(open(p)); 
    for old,new in pairs:
        n=0
        for c in s["cells"]:
            t="".join(c["source"])
            if old in t:
                t=t.replace(old,new); n+=1; L=t.split("\n"); c["source"]=[l+"\n" for l in L[:-1]]+[L[-1]]
        print(nb, n, old[:60])
        assert n==1
    open(p,"w").write(json.dumps(s,indent=1,ensure_ascii=False)+"\n")
