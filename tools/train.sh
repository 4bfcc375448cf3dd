#!/bin/sh
# Trains the default network on a folder of data sets: tools/train.sh PROGRAM DATA RUN
# DATA holds one folder for each source (NAME/images, NAME/masks); docs/training.md tells what else may be in it and what
# the variables FOREGROUNDS, SKIP, EPOCHS, FINE_EPOCHS, LAST_EPOCHS and LICENCE do. The run resumes where it stopped.
set -eu
program=$1
data=$2
run=$3
if [ ! -d "$data" ]; then
  echo "there is no folder $data; say where the data is: make train DATA=FOLDER" >&2
  exit 1
fi
mkdir -p "$run"

if [ ! -f "$run/pack" ]; then
  photos= foregrounds=
  for masks in "$data"/*/masks; do
    source=${masks%/masks}
    case " ${SKIP:-davis16_people} " in *" ${source##*/} "*) continue ;; esac
    case " ${FOREGROUNDS:-foregrounds viton_upper} " in
      *" ${source##*/} "*) foregrounds="$foregrounds $source" ;;
      *) photos="$photos $source" ;;
    esac
  done
  set -- --photos $photos
  [ -z "$foregrounds" ] || set -- "$@" --foregrounds $foregrounds
  [ ! -d "$data/backgrounds" ] || set -- "$@" --backgrounds "$data/backgrounds"
  [ ! -f "$data/splits/val.txt" ] || set -- "$@" --train-split "$data/splits/train.txt" --val-split "$data/splits/val.txt"
  "$program" pack "$@" --output "$run/pack"
fi

if [ ! -f "$run/overfit-passed" ]; then
  "$program" overfit --pack "$run/pack" --density 128x128 --batch 8 --learning-rate 1e-2 --wanted 0.9
  touch "$run/overfit-passed"
fi

# What models/default.md found to help.
recipe="--batch 8 --muon --cut-outs 0.5 --average 0.999"
# Small pictures first, then the size that the model is meant for, in all shapes that frames have: of 16:9, 4:3, 1:1, 3:4
# and 9:16, each with about 36,000 pixels; last with the batch norms of the model to be, now and then at smaller sizes.
shapes="256x144 224x160 192x192 160x224 144x256"
"$program" run --pack "$run/pack" --output "$run/small" --density 160x96 128x128 --epochs "${EPOCHS:-60}" \
  $recipe --true-colours 0.7 --composites 0.22 --nobody 0.06 --stretched 0.65 --learning-rate 1.2e-2
"$program" run --pack "$run/pack" --output "$run/full" --start-from "$run/small/checkpoint" --density $shapes --eval-density $shapes \
  $recipe --true-colours 0.7 --composites 0.22 --nobody 0.06 --fitting 0.55 --stretched 0.15 --edge-loss 0.3 --learning-rate 8e-3 \
  --epochs "${FINE_EPOCHS:-20}" --previous-masks-from 0.2 --previous-masks-until 0.3 --eval-every 4
"$program" run --pack "$run/pack" --output "$run/last" --start-from "$run/full/checkpoint" --fixed-statistics --eval-density $shapes \
  --density $shapes $shapes 64x64 $shapes $shapes 128x128 $shapes $shapes 96x96 $shapes $shapes 160x96 \
  $recipe --true-colours 0.9 --composites 0.15 --nobody 0.06 --fitting 0.75 --stretched 0.4 --edge-loss 0.3 --learning-rate 2e-3 \
  --epochs "${LAST_EPOCHS:-30}" --previous-masks-from 0 --previous-masks-until 0.02 \
  --own-masks 0.5 --own-mask-frames 4 --previous-mask-shares 0.7 0.06 0.12 0.12 --eval-every 4
"$program" export --checkpoint "$run/last/checkpoint" --pack "$run/pack" --licence "${LICENCE:-not stated}" \
  --also-for ${shapes#* } 160x96 128x128 96x96 64x64 --output "$run/model.scrim"
