#!/bin/bash
# Makes /work/runs16 anew from this folder: results so far, frozen source, the queue. Then start
# `setsid bash worker.sh &` twice there. Trainings are bit-equal from session to session (checked:
# two-tower 1-4, 100, sparse 1, 2, 4, sparcode 1), so stored results stay valid once the models of
# the table are trained again.
set -e
W=$(cd "$(dirname "$0")/.." && pwd); R=/work/runs16
mkdir -p $R/{queue,running,done,out,logs,table,far,final,tools,fast,codes3}
cp $W/tuning_so_far/scripts/*.py $W/tuning_so_far/scripts/worker.sh $R/
cp $W/tuning_so_far/scripts/nb.py $R/tools/; cp $W/tuning_so_far/scripts/assemble.sh $R/final/
cp $W/tuning_so_far/tuned-*.json $R/
for t in $W/tuning_so_far/*.tar.xz; do tar -xJf $t -C $R; done
printf 'import torch\ntorch.set_flush_denormal(True)\n' > $R/fast/sitecustomize.py  # 12-17% faster, same bits
rm -rf $R/src; mkdir $R/src; cp -r $W/sparcode_mini $W/assets $W/pyproject.toml $R/src/
for r in two-tower sparcode sparcode-sparse; do cp $W/assets/checkpoints/$r.safetensors $R/table/$r-0.safetensors; done
H='cd /work/runs16/src; export PYTHONPATH=$PWD:/work/runs16/fast OMP_NUM_THREADS=1; P=/work/main/.venv/bin/python; R=/work/runs16; S="$P -m sparcode_mini.cli study";'
q() { echo "$H $2" > $R/queue/$1.sh; }
rows() { q "$1" "\$P \$R/row.py $2"; }
[ -e $R/table/two-tower-1.safetensors ] || rm -f $R/table/two-tower-[12].json  # train them again
[ -e $R/table/two-tower-100.safetensors ] || rm -f $R/table/two-tower-100.json
rows 01-two-tower "two-tower:1 two-tower:2 two-tower:100"
rows 20-a2a "all-to-all:0 all-to-all:1 all-to-all:2"
q 35-tune-maxsim '$P $R/tune.py two-tower-maxsim'
q 40-codes 'F=$R/codes3/codes_after_or_with; mkdir -p $F; for s in 0 1 2 100; do cp $R/table/two-tower-$s.json $R/table/two-tower-$s.safetensors $F/; done; $S codes_after_or_with --folder $F --out $R/out/codes_after_or_with.json; $S codebooks --folder $R/codes3/codebooks --out $R/out/codebooks.json'
q 50-beyond '$S beyond --folder $R/far/beyond --out $R/out/beyond.json'
q 51-pays '$S pays --folder $R/far/pays --out $R/out/pays.json'
q 52-leak '$S leak --folder $R/table --out $R/out/leak.json'
q 53-catalogue '$S catalogue_size --folder $R/far/catalogue --out $R/out/catalogue_size.json'
q 54-longer '$P $R/assemble_tuning.py'
ls $R/queue
