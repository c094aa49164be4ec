import sys,re,glob,json
sys.path.insert(0,"tests")
import nbformat, minutes
rows=["| | lesson | minutes, core + further |","|---|---|---|"]
for f in sorted(glob.glob("notebooks/*.ipynb")):
    nb=nbformat.read(f,4); title=nb.cells[0].source.splitlines()[0].lstrip("# ").strip()
    m=re.match(r"(\d\d) · (.*)",title); stem=f.split("/")[-1]
    num=stem[:2] if stem[:2].isdigit() else ""
    name=m[2] if m else title
    st=re.findall(r"\d+",minutes.stated_line(nb)); rows.append(f"| {num} | [{name}]({f}) | {' + '.join(st)} |")
print("\n".join(rows))
