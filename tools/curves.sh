#!/bin/sh
# tools/curves.sh models/NAME-curves.csv...: draws models/NAME-curves.png of each
set -eu
for csv in "$@"; do
  gnuplot <<EOF
set terminal pngcairo size 900,420 font "sans,10"
set output '${csv%.csv}.png'
set datafile separator ','
set datafile columnheaders
set style data linespoints
set style line 1 pt 7 ps 0.4
set grid
set xlabel 'epoch'
set multiplot layout 1,2
set key top right
set ylabel 'loss'
plot '$csv' using 'epoch':'loss' ls 1 lc rgb '#3465a4' title 'training loss'
set key bottom right
set ylabel 'person IoU, cold'
plot '$csv' using 'epoch':'portrait_iou' ls 1 lc rgb '#4e9a06' title 'portraits', '$csv' using 'epoch':'scene_iou' ls 1 lc rgb '#ce5c00' title 'scenes'
EOF
done
