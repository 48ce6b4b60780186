"""Writes reference.json: the results of the package silero-vad (6.2.3, OnnxWrapper) for media/speech.flac.

    pip install "silero-vad[onnx-cpu]==6.2.3" && python make-reference.py
"""

import json
import pathlib
import subprocess

import torch
from silero_vad import get_speech_timestamps, load_silero_vad

folder = pathlib.Path(__file__).parent
decode = ["ffmpeg", "-v", "error", "-i", folder / "../media/speech.flac", "-f", "s16le", "-"]
pcm = bytearray(subprocess.run(decode, check=True, capture_output=True).stdout)
audio = torch.frombuffer(pcm, dtype=torch.int16).float() / 32768
model = load_silero_vad(onnx=True)

# The worker's parameters, and their names in silero-vad.
names = {
    "threshold": "threshold",
    "minimum_speech_ms": "min_speech_duration_ms",
    "minimum_silence_ms": "min_silence_duration_ms",
    "padding_ms": "speech_pad_ms",
}


def segments(parameters, start_ms=0, stop_ms=12_000):
    options = {names[name]: value for name, value in parameters.items()}
    found = get_speech_timestamps(audio[start_ms * 16 : stop_ms * 16], model, **options)
    return [{name: sample[name] / 16 + start_ms for name in ("start", "end")} for sample in found]


def case(parameters, start_ms=0, stop_ms=12_000):
    order = {**parameters}
    if start_ms > 0:
        order["sdk_start_index"] = start_ms
    if stop_ms < 12_000:
        order["sdk_stop_index"] = stop_ms
    found = segments(parameters, start_ms, stop_ms)
    return {"parameters": order, "segments": [{"startMs": s["start"], "endMs": s["end"]} for s in found]}


cases = [
    case({}),
    case({"minimum_silence_ms": 500}),
    case({"minimum_silence_ms": 0, "padding_ms": 0}),
    case({"minimum_silence_ms": 0, "minimum_speech_ms": 0, "threshold": 0.9}),
    case({"minimum_speech_ms": 2200}),
    case({"padding_ms": 400}),
    case({"threshold": 0.05}),
    case({}, 2_500, 8_011),
]
probabilities = [round(p, 4) for p in model.audio_forward(audio, 16_000)[0].tolist()]
text = json.dumps({"probabilities": probabilities, "cases": cases})
(folder / "reference.json").write_text(text + "\n")
