mkdir -p /work/runs16/codes-after; for s in 0 1 2; do cp /work/runs16/table/two-tower-$s.json /work/runs16/table/two-tower-$s.safetensors /work/runs16/codes-after/ || exit 1; done
cd /work/runs16/src-codes2; PYTHONPATH=$PWD OMP_NUM_THREADS=1 /work/main/.venv/bin/python -m sparcode_mini.cli study codes_after_or_with --folder /work/runs16/codes-after --out /work/runs16/out/codes_after_or_with.json
