#!/bin/sh
# Makes the demo with a built command line: tools/demo.sh PROGRAM FOLDER
set -eu
program=$1
folder=$2
data=$(dirname "$0")/../testdata

mkdir -p "$folder"
"$program" run --input "$data/clips/doctor.mp4" --background "$data/backgrounds/coast.jpg" --output "$folder/demo.mp4" \
  --contact-sheet "$folder/contact_sheet.png" --stats
echo
echo "the clip before another room   $folder/demo.mp4"
echo "input, alpha and result        $folder/contact_sheet.png"
