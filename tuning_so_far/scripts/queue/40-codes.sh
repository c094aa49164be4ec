# about 50 core-minutes: gradients 18 (with the tuning of the base), codes_after_or_with 23, codebooks 9
set -e
F=/work/runs16/codes3; mkdir -p $F/codes_after_or_with
for s in 0 1 2 100; do cp /work/runs16/table/two-tower-$s.json /work/runs16/table/two-tower-$s.safetensors $F/codes_after_or_with/; done
cd /work/runs16/src17; export PYTHONPATH=$PWD OMP_NUM_THREADS=1
for name in gradients codes_after_or_with codebooks; do
  /work/main/.venv/bin/python -m sparcode_mini.cli study $name --folder $F/$name --out /work/runs16/out/$name.json || FAILED="$FAILED $name"
done
[ -z "$FAILED" ] || { echo "failed:$FAILED"; exit 1; }
