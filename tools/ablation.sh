#!/bin/sh
# Each part of the recipe's network, one change at a time: tools/ablation.sh SCRIM_TRAIN SCRIM PACK RUNS writes
# docs/ablation.csv, which make report draws. PACK is a cache of scrim-train pack that holds the sources named below.
# Same schedule and samples for all, 107,000 at 128x128 for each of the SEEDS. What is done in RUNS is not done again.
# MMAC and ms are of 256x144, one core.
set -eu
train=$1
scrim=$2
pack=$3
runs=$4
mkdir -p "$runs"
export OMP_NUM_THREADS=1

variants="all no_skips:skips=0 no_inverted_residuals:expand=0,width_8=40,width_16=96,width_32=192
  full_convolutions:expand=0,separable=0 no_attention_gates:attention_gates=0 no_spatial_attention:spatial_attention=0
  no_aspp:aspp=0 no_previous_mask:previous_mask=0 squeeze_16:squeeze=16 squeeze_32:squeeze=32
  large_strided_stem:stem_width=16 two_dense_layers:refine_layers=2,refine_width=4 dropout_0.05:dropout=0.05"
network() { case $1 in all) echo default ;; *) echo "default:${1#*:}" ;; esac }

for seed in ${SEEDS:-1 2}; do
  for variant in $variants; do
    out=$runs/${variant%%:*}-$seed
    if [ ! -f "$out/done" ]; then
      "$train" run --pack "$pack" --output "$out" --network "$(network "$variant")" --density 128x128 --eval-density 128x128 \
        --batch 8 --samples "${SAMPLES:-107000}" --eval-every 1000 --muon --true-colours 0.7 --composites 0.2 --cut-outs 0.5 \
        --nobody 0.06 --stretched 0.65 --average 0.999 --learning-rate 1.2e-2 --seed "$seed" --previous-masks-from 1 \
        --group portrait=eg1800_portrait,picsart_hackathon,celebamask_ce7454 \
        --group scene=coco_val_single,coco_subsets,clothing_coparsing,vikram_human 2>"$out.log"
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
    figures=$(tail -1 "$runs/$name-$seed/curves.csv" | cut -d, -f8,9,11)
    echo "$name,$seed,$cost,$figures" >>"$csv.new"
  done
done
mv "$csv.new" "$csv"
