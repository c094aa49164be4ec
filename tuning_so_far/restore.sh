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
rows 01-two-tower "two-tower:1 two-tower:2 two-tower:100 two-tower:3 two-tower:4"
rows 02-sparse "sparcode-sparse:1 sparcode-sparse:2 sparcode-sparse:3 sparcode-sparse:4 sparcode-sparse:100"
q 10-wishes '$P $R/wish_main.py run'
rows 20-sparcode "sparcode:1 sparcode:2 sparcode:3 sparcode:4"
q 21-front '$S front --folder $R/table --out $R/out/front.json'
q 22-front-back '$P $R/front_back.py'
q 30-tune-a2a '$P $R/tune.py all-to-all'
rows 31-gru "two-tower-gru:0 two-tower-gru:1 two-tower-gru:2 two-tower-gru:3 two-tower-gru:4"
rows 32-dnn "two-tower-dnn:0 two-tower-dnn:1 two-tower-dnn:2 two-tower-dnn:3 two-tower-dnn:4"
rows 33-sparcode-dnn "sparcode-dnn:0 sparcode-dnn:1 sparcode-dnn:2"
rows 34-sparcode-gru "sparcode-gru:0 sparcode-gru:1 sparcode-gru:2"
q 35-tune-maxsim '$P $R/tune.py two-tower-maxsim'
q 40-codes 'F=$R/codes3/codes_after_or_with; mkdir -p $F; for s in 0 1 2 100; do cp $R/table/two-tower-$s.json $R/table/two-tower-$s.safetensors $F/; done; $S codes_after_or_with --folder $F --out $R/out/codes_after_or_with.json; $S codebooks --folder $R/codes3/codebooks --out $R/out/codebooks.json'
q 50-beyond '$S beyond --folder $R/far/beyond --out $R/out/beyond.json'
q 51-pays '$S pays --folder $R/far/pays --out $R/out/pays.json'
q 52-leak '$S leak --folder $R/table --out $R/out/leak.json'
q 53-catalogue '$S catalogue_size --folder $R/far/catalogue --out $R/out/catalogue_size.json'
q 54-longer '$P $R/longer.py'
ls $R/queue
