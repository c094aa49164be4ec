#!/bin/bash
# Puts results into assets/results of the worktree given; prints what is missing.
W=${1:-/work/wt/i16}; R=/work/runs16; cd $W; export PYTHONPATH=$PWD OMP_NUM_THREADS=1; P=/work/main/.venv/bin/python
for n in fields index_error screen codebooks gradients codes_after_or_with tokens scoring item_tokens shorter_lists sweep leak pays beyond catalogue_size front wishes xray; do
  if [ -f $R/out/$n.json ]; then cp $R/out/$n.json assets/results/; else echo "missing $n"; fi
done
