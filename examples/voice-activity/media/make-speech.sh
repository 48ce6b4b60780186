#!/usr/bin/env bash
# Makes speech.flac, 12 s of 16 kHz mono: one voice speaks from 2 s on, another from 7 s on; the rest is silence.
set -euo pipefail
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
espeak-ng -v en-us -s 150 -w "$folder/1.wav" "The council has voted to reopen the old bridge"
espeak-ng -v en-us+f3 -s 150 -w "$folder/2.wav" "Heavy rain is expected tomorrow. It stays below ten degrees."

# Removes the silence before and after the words, so that they begin and end at exact times.
trim="silenceremove=start_periods=1:start_threshold=-45dB"
trim="$trim,areverse,$trim,areverse,aresample=16000"
ffmpeg -v error -y -i "$folder/1.wav" -i "$folder/2.wav" -filter_complex "
  [0] $trim,adelay=2000 [one];
  [1] $trim,adelay=7000 [two];
  [one][two] amix=normalize=0,apad=whole_dur=12,atrim=end=12" \
  -sample_fmt s16 -compression_level 12 -bitexact speech.flac
