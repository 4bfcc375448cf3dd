#!/bin/sh
# Each part of the network off, one at a time: tools/ablation.sh SCRIM_TRAIN SCRIM PACK RUNS writes docs/ablation.csv, which
# make report draws. PACK is a cache of scrim-train pack. Same schedule and seeds for all: three epochs at 96x96, about a minute
# and a half of a core each. What is done already in RUNS is not done again. MMAC and ms are of 256x144, one core.
set -eu
train=$1
scrim=$2
pack=$3
runs=$4
mkdir -p "$runs"
export OMP_NUM_THREADS=1

variants="all no_skips:skips=0 no_refinement:refine_layers=0 no_attention_gates:attention_gates=0
  no_spatial_attention:spatial_attention=0 no_aspp:aspp=0 no_previous_mask:previous_mask=0 squeeze_4:squeeze=4
  squeeze_32:squeeze=32 stem_stride_2:stem_stride=2 dropout_0.05:dropout=0.05 full_convolutions:separable=0"
network() { case $1 in all) echo default ;; *) echo "default:${1#*:}" ;; esac }

for seed in ${SEEDS:-1 2}; do
  for variant in $variants; do
    out=$runs/${variant%%:*}-$seed
    if [ ! -f "$out/done" ]; then
      "$train" run --pack "$pack" --output "$out" --network "$(network "$variant")" --density 96x96 --eval-density 96x96 \
        --batch 8 --epochs 3 --eval-every 3 --muon --true-colours 0.7 --composites 0.1 --stretched 0.65 --average 0.995 \
        --learning-rate 1.2e-2 --seed "$seed" 2>"$out.log"
      touch "$out/done"
    fi
  done
done

# Quality is the last evaluation's; times are taken one after the other, on a machine that should do nothing else.
csv=docs/ablation.csv
echo variant,seed,mmac,ms,portrait_iou,portrait_bf,scene_iou >"$csv.new"
for variant in $variants; do
  name=${variant%%:*}
  model=$runs/$name.scrim
  first=${SEEDS:-1}
  "$train" export --checkpoint "$runs/$name-${first%% *}/checkpoint" --network "$(network "$variant")" --licence 'not released' \
    --output "$model" 2>"$runs/$name.export"
  cost=$("$scrim" bench --json --model "$model" | sed -n 's/.*"mmac": \([0-9.]*\).*/\1/p; s/.*"network_ms": \([0-9.]*\).*/\1/p' | paste -sd, -)
  for seed in ${SEEDS:-1 2}; do
    figures=$(sed -n 's/.*portraits \([0-9.]*\) BF \([0-9.]*\)  scenes \([0-9.]*\).*/\1,\2,\3/p' "$runs/$name-$seed.log" | tail -1)
    echo "$name,$seed,$cost,$figures" >>"$csv.new"
  done
done
mv "$csv.new" "$csv"
