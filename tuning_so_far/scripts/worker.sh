#!/bin/bash
# takes the first script of the queue, one at a time
cd /work/runs16
while true; do
  f=$(ls queue/*.sh 2>/dev/null | head -1)
  if [ -z "$f" ]; then sleep 5; continue; fi
  n=$(basename "$f"); mkdir -p running; mv "$f" running/ 2>/dev/null || continue
  echo "start $n $(date +%T)" >> worker.log
  OMP_NUM_THREADS=1 bash "running/$n" > "logs/$n.log" 2>&1; echo "end $n rc $? $(date +%T)" >> worker.log
  mv "running/$n" done/
done
