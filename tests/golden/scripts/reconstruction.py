"""Values of reference implementations for tests/plugins/evaluators/reconstruction.cpp.

    pip install numpy torch librosa pystoi
    python tests/golden/scripts/reconstruction.py > tests/golden/reconstruction.json

The signals are drawn with SplitMix64, like earshot::kit::Random, so that the test generates the same ones.
"""

import json
import math

import librosa
import numpy
import pystoi
import torch

from splitmix import Random


def voice(rate, seconds, seed):
    """Harmonics of 120 Hz with syllables four times a second, pauses and a little noise."""
    random = Random(seed)
    samples = []
    for n in range(int(rate * seconds)):
        t = n / rate
        syllable = max(0.0, math.sin(2 * math.pi * 4 * t + seed)) ** 2
        tone = sum(math.sin(2 * math.pi * 120 * k * t + k * seed) / k for k in range(1, 25))
        samples.append(0.1 * syllable * tone + 0.001 * (2 * random.uniform() - 1))
    return numpy.array(samples)


def noise(length, level, seed):
    random = Random(seed)
    return numpy.array([level * (2 * random.uniform() - 1) for _ in range(length)])


def cases():
    for name, rate, seconds, level in [
        ("voice at 10 kHz", 10000, 1.6, 0.05),
        ("voice at 16 kHz", 16000, 1.3, 0.02),
        ("voice at 24 kHz", 24000, 1.1, 0.1),
        ("voice at 44.1 kHz", 44100, 0.9, 0.2),
    ]:
        original = voice(rate, seconds, 1)
        yield name, rate, seconds, level, original, 0.7 * original + noise(len(original), level, 2)


def magnitudes(signal, size):
    window = torch.hann_window(size, dtype=torch.float64)
    spectrum = torch.stft(torch.tensor(signal), size, size // 4, window=window, return_complex=True)
    return spectrum.abs()


def distance(x, y):
    """Codec-SUPERB, SoundCodec/metrics.py: MultiScaleSTFTLoss, MelSpectrogramLoss."""
    logarithm = lambda m: m.clamp(1e-5).pow(2).log10()
    return float((logarithm(x) - logarithm(y)).abs().mean() + (x - y).abs().mean())


def spectral(x, y, rate):
    stft = mel = 0.0
    for size, bands in ((2048, 150), (512, 80)):
        a, b = magnitudes(x, size), magnitudes(y, size)
        filters = torch.tensor(librosa.filters.mel(sr=rate, n_fft=size, n_mels=bands)).double()
        stft += distance(a, b)
        mel += distance(filters @ a, filters @ b)
    a, b = magnitudes(x, 2048).clamp(1e-5), magnitudes(y, 2048).clamp(1e-5)
    lsd = float((20 * a.log10() - 20 * b.log10()).pow(2).mean(0).sqrt().mean())
    return stft, mel, lsd


def si_sdr(x, y):
    x, y = x - x.mean(), y - y.mean()
    target = x * (x @ y) / (x @ x)
    return 10 * math.log10(target @ target / ((y - target) @ (y - target)))


def main():
    numpy.random.seed(0)  # of the noise that pystoi adds to estoi
    found = []
    for name, rate, seconds, level, x, y in cases():
        stft, mel, lsd = spectral(x, y, rate)
        found.append({
            "name": name, "sample_rate": rate, "seconds": seconds, "noise": level,
            "stft": stft, "mel": mel, "lsd": lsd, "si_sdr": si_sdr(x, y),
            "stoi": float(pystoi.stoi(x, y, rate)), "estoi": float(pystoi.stoi(x, y, rate, True)),
        })
    print(json.dumps(found, indent=1))


main()
