"""Times encoders in Python, like bench/encoder.cpp: encoders.py WHAT [key=value ...]

WHAT: librosa or torchaudio (log-mel: 44.1 kHz, 2048-point Hann window, hop 512, 128 Slaney bands, dB with
80 dB of range); mimi or encodec (transformers, audio to codes) or htsat (the audio tower of transformers'
CLAP behind its feature extractor), all of full size with random weights.

Keys: threads (1), clips in a batch (1), seconds of noise in each (10), mode (eager; or compiled).
After a warm-up it prints "ready" and, if known, the GFLOP of a clip, then, for each line that it reads, the
seconds that a batch took, divided by the number of its clips.
"""

import logging
import sys
import time

import numpy as np

logging.disable(logging.ERROR)  # the compiler's messages about what it leaves eager
what = sys.argv[1]
keys = {"threads": "1", "clips": "1", "seconds": "10", "mode": "eager"}
keys.update(argument.split("=", 1) for argument in sys.argv[2:])
threads, clips, seconds = int(keys["threads"]), int(keys["clips"]), float(keys["seconds"])


def noise(rate):
    samples = np.random.default_rng(0).standard_normal((clips, int(seconds * rate))).astype(np.float32)
    return samples * 0.1


def librosa_log_mel():
    import librosa

    audio = noise(44100)

    def step():
        power = librosa.feature.melspectrogram(y=audio, sr=44100, n_fft=2048, hop_length=512, n_mels=128)
        return librosa.power_to_db(power, top_db=80)

    return step


def torchaudio_log_mel():
    import torchaudio

    mel = torchaudio.transforms.MelSpectrogram(
        44100, n_fft=2048, hop_length=512, n_mels=128, norm="slaney", mel_scale="slaney"
    )
    decibel = torchaudio.transforms.AmplitudeToDB("power", top_db=80)
    audio = torch.from_numpy(noise(44100))
    return lambda: decibel(mel(audio))


def mimi():
    from transformers import MimiConfig, MimiModel

    model = MimiModel(MimiConfig()).eval()
    audio = torch.from_numpy(noise(24000)).unsqueeze(1)
    encode = compiled(lambda x: model.encode(x, num_quantizers=8).audio_codes)
    return lambda: encode(audio)


def encodec():
    from transformers import EncodecConfig, EncodecModel

    model = EncodecModel(EncodecConfig()).eval()
    audio = torch.from_numpy(noise(24000)).unsqueeze(1)
    encode = compiled(lambda x: model.encode(x, bandwidth=6.0).audio_codes)
    return lambda: encode(audio)


def htsat():
    from transformers import ClapAudioConfig, ClapFeatureExtractor
    from transformers.models.clap.modeling_clap import ClapAudioModel

    model = ClapAudioModel(ClapAudioConfig(enable_fusion=False)).eval()
    extract = ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad", fmin=50)
    audio = list(noise(48000))
    forward = compiled(lambda x: model(x).last_hidden_state)
    return lambda: forward(extract(audio, sampling_rate=48000, return_tensors="pt")["input_features"])


def compiled(function):
    return torch.compile(function) if keys["mode"] == "compiled" else function


def gigaflop(step):
    """GFLOP of one clip, or "" if operators are fused and cannot be counted."""
    if keys["mode"] == "compiled" or what not in ("mimi", "encodec", "htsat"):
        return ""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops() / 1e9 / clips


makers = {
    "librosa": librosa_log_mel,
    "torchaudio": torchaudio_log_mel,
    "mimi": mimi,
    "encodec": encodec,
    "htsat": htsat,
}
if what == "librosa":
    step = makers[what]()
    step()
    print("ready", flush=True)
else:
    import torch

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    step = makers[what]()
    step()
    print("ready", gigaflop(step), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    step()
    print((time.perf_counter() - start) / clips, flush=True)
