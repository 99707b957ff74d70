"""Cases of resampling, mel front-ends and CLAP's audio tower, from their reference implementations.

    pip install numpy torch torchaudio librosa torchlibrosa msclap transformers safetensors
    python tests/golden/scripts/audio.py tests/golden/audio

For tests/sdk/kit/audio and tests/plugins/encoders/htsat. A case is a folder: golden.safetensors
(in|mid|out/<name>), config.json (and model.safetensors or preprocessor_config.json, as transformers writes
them) and case.json: the reference, and for each float tensor a tolerance, 20 times the largest difference
between one and two threads, and between float32 and float64, or of rounding ("atol_any"); "atol_same_kernels"
leaves float64 out, for the same arithmetic in another order.
"""

import collections
import copy
import importlib
import json
import pathlib
import sys
import types

import librosa
import numpy as np
import torch
import torchaudio
import transformers
from safetensors.torch import save_file
from torchlibrosa.stft import LogmelFilterBank, Spectrogram
from transformers import ClapAudioConfig, ClapAudioModelWithProjection, ClapFeatureExtractor


def noise(*shape, seed=0):
    random = torch.Generator().manual_seed(seed)
    time = torch.arange(shape[-1]) / 8000
    return 0.1 * torch.randn(shape, generator=random) + 0.3 * torch.sin(2 * torch.pi * 440 * time)


def write(folder, reference, compute, inputs, config):
    """`compute(inputs)` gives tensors by name, in the type of its inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    golden = run(compute, inputs, 1)
    again, double = run(compute, inputs, 2), run(compute, {n: widened(t) for n, t in inputs.items()}, 1)
    case = {"reference": reference, "versions": {m.__name__: m.__version__ for m in (torch, transformers, librosa)}}
    for rule, others in (("atol_same_kernels", [again]), ("atol_any", [again, double])):
        case[rule] = {name: tolerance(tensor, [other[name] for other in others]) for name, tensor in golden.items()}
    save_file({n: t.contiguous() for n, t in {**inputs, **golden}.items()}, folder / "golden.safetensors")
    (folder / "golden.safetensors").chmod(0o644)
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def run(compute, inputs, threads):
    torch.set_num_threads(threads)
    with torch.no_grad():
        return {name: tensor.detach().clone() for name, tensor in compute(inputs).items()}


def widened(tensor):
    return tensor.double() if tensor.is_floating_point() else tensor


def tolerance(tensor, others):
    rounding = torch.finfo(torch.float32).eps * tensor.abs().max().item()
    return 20 * max([rounding] + [(tensor.double() - other.double()).abs().max().item() for other in others])


def resampling(folder):
    pairs = [[44100, 16000], [48000, 44100], [16000, 24000], [24000, 16000], [8000, 32000]]
    inputs = {f"in/{rate}": noise(2, 300 + rate // 200, seed=rate) for rate in sorted({p[0] for p in pairs})}

    def compute(x):
        return {
            f"out/{a}_{b}": torchaudio.transforms.Resample(a, b, dtype=x[f"in/{a}"].dtype)(x[f"in/{a}"]) for a, b in pairs
        }

    write(folder, "torchaudio.transforms.Resample", compute, inputs, {"pairs": pairs})


MEL = {"n_fft": 256, "win_length": 256, "hop_length": 80, "n_mels": 16, "fmin": 50, "fmax": 3500}


def mel_config(rate_name, scale, norm):
    return {rate_name: 8000, **MEL, "mel_scale": scale, "norm": norm}


def torchlibrosa(folder):
    size = {"n_fft": 256, "hop_length": 80, "win_length": 256}
    spectrogram = Spectrogram(**size, window="hann", center=True, pad_mode="reflect", freeze_parameters=True)
    log_mel = LogmelFilterBank(sr=8000, n_fft=256, n_mels=16, fmin=50, fmax=3500, ref=1.0, amin=1e-10, top_db=None)

    def compute(x):
        wave = x["in/waveform"]
        power = copy.deepcopy(spectrogram).to(wave.dtype)(wave)
        return {
            "mid/power": power,
            "mid/melW": log_mel.melW.to(wave.dtype),
            "out/logmel": copy.deepcopy(log_mel).to(wave.dtype)(power),
        }

    config = mel_config("sample_rate_of_filterbank", "slaney", "slaney")
    write(folder, "torchlibrosa", compute, {"in/waveform": noise(2, 1500)}, config)


def torchaudio_mel(folder):
    def compute(x):
        wave = x["in/waveform"]
        power = torchaudio.transforms.MelSpectrogram(
            8000, n_fft=256, win_length=256, hop_length=80, f_min=50, f_max=3500, n_mels=16
        ).to(wave.dtype)(wave)
        decibels = torchaudio.transforms.AmplitudeToDB("power", top_db=80)
        bank = torchaudio.functional.melscale_fbanks(129, 50.0, 3500.0, 16, 8000)
        return {"mid/fb": bank.to(wave.dtype), "mid/power": power[:, None], "mid/db": decibels(power[:, None])}

    config = mel_config("sample_rate", "htk", None)
    write(folder, "torchaudio.transforms", compute, {"in/waveform": noise(2, 1500, seed=1)}, config)


def librosa_mel(folder):
    def compute(x):
        wave = x["in/waveform"].numpy()
        kind = {"sr": 8000, "n_fft": 256, "hop_length": 80, "n_mels": 16, "fmin": 50, "fmax": 3500}
        power = librosa.feature.melspectrogram(y=wave, **kind, pad_mode="reflect", dtype=wave.dtype)
        decibels = np.stack([librosa.power_to_db(clip) for clip in power])
        return {"mid/power": torch.from_numpy(power)[:, None], "mid/db": torch.from_numpy(decibels)[:, None]}

    config = mel_config("sample_rate", "slaney", "slaney")
    write(folder, "librosa", compute, {"in/waveform": noise(2, 1500, seed=2)}, config)


def clap_front_end(folder):
    extractor = ClapFeatureExtractor(
        sampling_rate=8000, hop_length=160, max_length_s=1, frequency_min=50, frequency_max=3900
    )
    crop, starts = 3210, [7, 21, 46]
    inputs = {
        "in/short": noise(3000, seed=3),
        "in/long": noise(16001, seed=4),
        "in/rand_trunc_start_sample": torch.tensor(crop),
        "in/fusion_start_frames": torch.tensor(starts),
    }

    def extract(wave, truncation, padding="repeatpad"):
        left = list(starts)
        np.random.randint = lambda low, high: crop if high > crop else low
        np.random.choice = lambda among: left.pop(0)
        given = extractor(wave.numpy(), truncation=truncation, padding=padding, sampling_rate=8000)
        return torch.from_numpy(np.stack(given["input_features"]))

    def compute(x):
        out = {f"out/rand_trunc_short_{p}": extract(x["in/short"], "rand_trunc", p) for p in ("repeatpad", "repeat", "pad")}
        out["out/rand_trunc_long"] = extract(x["in/long"], "rand_trunc")
        out["out/fusion_short"] = extract(x["in/short"], "fusion")
        out["out/fusion_long"] = extract(x["in/long"], "fusion")
        return out

    write(folder, "transformers ClapFeatureExtractor", compute, inputs, {})
    extractor.save_pretrained(folder)


def filled(model, seed):
    """With weights none of which is zero, one or a rounding error."""
    random = torch.Generator().manual_seed(seed)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if not tensor.is_floating_point() or "extractor" in name or name.endswith("attn_mask"):
            continue
        positive = tensor.dim() < 2 and name.endswith(("weight", "running_var"))
        scale = 0.1 if tensor.dim() < 2 else tensor[0].numel() ** -0.5
        uniform = 2 * torch.rand(tensor.shape, generator=random) - 1
        tensor.data.copy_(1 + 0.3 * uniform if positive else scale * uniform)
    return model.eval()


def hooked(module, out, name, pick=lambda y: y):
    module.register_forward_hook(lambda _, given, result: out.update({name: pick(result)}))


def hook_stages(tower, out, prefix):
    """The outputs of patches, blocks, stages and the norm after them."""
    hooked(tower.patch_embed, out, prefix + "patch_embed")
    hooked(tower.norm, out, prefix + "norm")
    for n, stage in enumerate(tower.layers):
        hooked(stage, out, f"{prefix}layer{n}", lambda y: y[0])
        for b, block in enumerate(stage.blocks):
            hooked(block, out, f"{prefix}layer{n}_block{b}", lambda y: y[0])


def grouped(tokens, folds):
    """(B, rows * columns, C) to (B, C, rows of a fold, folds * columns), of a square grid."""
    clips, cells, width = tokens.shape
    side = round(cells**0.5)
    grid = tokens.transpose(1, 2).reshape(clips, width, folds, side // folds, side)
    return grid.permute(0, 1, 3, 2, 4).reshape(clips, width, side // folds, folds * side)


def msclap(folder):
    """A tower with pictures of 64 x 64, from msclap's file, which needs nothing else of that package."""
    package = types.ModuleType("msclap_models")
    package.__path__ = [str(pathlib.Path(importlib.util.find_spec("msclap").origin).parent / "models")]
    sys.modules["msclap_models"] = package
    htsat = importlib.import_module("msclap_models.htsat")
    published = vars(importlib.import_module("msclap_models.config"))
    config = types.SimpleNamespace(**{name: value for name, value in published.items() if name[0] != "_"})
    config.window_size, config.mel_bins = 256, 16
    model = filled(
        htsat.HTSAT_Swin_Transformer(
            spec_size=64, num_classes=5, embed_dim=8, depths=[2, 1], num_heads=[2, 4], window_size=4,
            mlp_ratio=2.0, config=config,
        ),
        7,
    )  # fmt: skip

    def compute(x):
        wave = x["in/wave_short"]
        tower, out = copy.deepcopy(model).to(wave.dtype), {}
        hooked(tower.logmel_extractor, out, "mid/short/logmel")
        hooked(tower.bn0, out, "mid/short/bn0")
        tower.patch_embed.register_forward_pre_hook(lambda _, given: out.update({"mid/short/image": given[0][:1]}))
        hook_stages(tower, out, "mid/short/")
        hooked(tower.tscam_conv, out, "mid/short/tscam")
        result = tower(wave)
        grid = out["mid/short/norm"]
        out["mid/short/grouped"] = grouped(grid, 4)
        out["out/short/norm_tokens_first_window"] = grid
        out["out/short/frames_32"] = out["mid/short/grouped"].mean(2).transpose(1, 2)
        for name in ("framewise_output", "clipwise_output", "latent_output"):
            out["out/short/" + name] = result[name]
        return out

    write(folder, "msclap.models.htsat", compute, {"in/wave_short": noise(2, 20000, seed=8)}, {})
    prefix = "audio_encoder.base.htsat."
    file = collections.OrderedDict(
        (prefix + name, tensor)
        for name, tensor in model.state_dict().items()
        if tensor.is_floating_point() and "spectrogram_extractor" not in name
    )
    torch.save({"model": file}, folder / "CLAP_weights.pth")


def clap(folder, fused):
    """A tower with sizes other than the published ones: pictures of 64 x 64, two or three stages."""
    config = ClapAudioConfig(
        spec_size=64,
        num_mel_bins=16,
        patch_embeds_hidden_size=8,
        depths=[1, 3] if fused else [2, 2, 1],
        num_attention_heads=[2, 4] if fused else [1, 2, 4],
        num_hidden_layers=2 if fused else 3,
        hidden_size=16 if fused else 32,
        window_size=4,
        mlp_ratio=2.0 if fused else 3.0,
        qkv_bias=not fused,
        enable_fusion=fused,
        aff_block_r=2,
        projection_dim=6,
        layer_norm_eps=1e-5 if fused else 1e-4,
    )
    model = filled(ClapAudioModelWithProjection(config), 5)
    frames = 200 if fused else 256  # 256 make a picture as they are
    inputs = {
        "in/input_features": noise(2, 4 if fused else 1, frames, 16, seed=6) * 20,
        "in/is_longer": torch.tensor([[fused], [False]]),
    }

    def compute(x):
        features, longer = x["in/input_features"], x["in/is_longer"]
        tower = copy.deepcopy(model).to(features.dtype)
        encoder, out = tower.audio_model.audio_encoder, {}
        hooked(encoder.batch_norm, out, "mid/batch_norm", lambda y: y.transpose(1, 3))
        hook_stages(encoder, out, "mid/")
        encoder.patch_embed.register_forward_pre_hook(
            lambda _, given: out.update({"mid/image_of_first_clip": given[0][:1]})
        )
        result = tower.audio_model(input_features=features, is_longer=longer)
        out["out/last_hidden_state"] = result.last_hidden_state
        out["out/frames_32"] = result.last_hidden_state.mean(2).transpose(1, 2)
        out["out/pooler_output"] = result.pooler_output
        out["out/audio_embeds"] = tower.audio_projection(result.pooler_output)
        return out

    fusion = ", enable_fusion" if fused else ""
    write(folder, "transformers ClapAudioModelWithProjection" + fusion, compute, inputs, None)
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    resampling(root / "resample")
    torchlibrosa(root / "mel_torchlibrosa")
    torchaudio_mel(root / "mel_torchaudio")
    librosa_mel(root / "mel_librosa")
    clap_front_end(root / "clap_front_end")
    msclap(root / "htsat_tiny")
    clap(root / "clap_unfused_tiny", fused=False)
    clap(root / "clap_fused_tiny", fused=True)
