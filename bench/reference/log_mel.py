"""Seconds per 10 s clip of a log-mel spectrogram: log_mel.py librosa|torchaudio [threads]

Same settings as bench/log_mel.cpp: 44.1 kHz, 2048-point Hann window, hop 512, 128 Slaney bands, dB with
80 dB of range, batches of 16 clips.
"""

import sys
import time

import numpy as np

library = sys.argv[1]
threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
rate, clips = 44100, 16
audio = np.random.default_rng(0).standard_normal((clips, 10 * rate)).astype(np.float32) * 0.1

if library == "librosa":
    import librosa

    def log_mel():
        power = librosa.feature.melspectrogram(y=audio, sr=rate, n_fft=2048, hop_length=512, n_mels=128)
        return librosa.power_to_db(power, top_db=80)
else:
    import torch
    import torchaudio

    torch.set_num_threads(threads)
    mel = torchaudio.transforms.MelSpectrogram(
        rate, n_fft=2048, hop_length=512, n_mels=128, norm="slaney", mel_scale="slaney"
    )
    decibel = torchaudio.transforms.AmplitudeToDB("power", top_db=80)
    batch = torch.from_numpy(audio)

    @torch.inference_mode()
    def log_mel():
        return decibel(mel(batch))

log_mel()
best = float("inf")
for _ in range(7):
    start = time.perf_counter()
    log_mel()
    best = min(best, time.perf_counter() - start)
print(best / clips)
