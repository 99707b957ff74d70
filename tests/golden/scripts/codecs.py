"""Cases of EnCodec and Mimi for tests/plugins/encoders/codecs, made by transformers from random weights.

    pip install numpy torch transformers safetensors
    python tests/golden/scripts/codecs.py tests/golden/codec_lm

A case is a folder: config.json and model.safetensors as save_pretrained writes them, golden.safetensors
(<subcase>.in|mid|out|aux.<name>) and case.json, which gives each float tensor its tolerance: 20 times the
largest difference between one and two threads, and between float32 and float64, or of rounding.
"""

import copy
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import EncodecConfig, EncodecModel, MimiConfig, MimiModel

RULE = "int; equal, except that a frame whose aux.margin at some level is below 1e-4 may differ from that level on"


def fill(model, seed):
    """Weights and codebooks that roughly keep the magnitude of signals."""
    random = torch.Generator().manual_seed(seed)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if name.endswith(("embed", "embed_sum", "embed_avg")):
            tensor.data.copy_(torch.randn(tensor.shape, generator=random))
        elif name.endswith(("cluster_usage", "cluster_size")):
            tensor.data.copy_(0.5 + torch.rand(tensor.shape, generator=random))
        elif name.endswith("layer_scale.scale"):
            tensor.data.fill_(0.3)
        elif tensor.dim() > 1 and "original0" not in name:
            bound = (3 / tensor[0].numel()) ** 0.5
            tensor.data.copy_(bound * (2 * torch.rand(tensor.shape, generator=random) - 1))


def margins(residuals, codebooks):
    """How much nearer the nearest entry is than the second nearest, (B, levels, T)."""
    levels = []
    for residual, codebook in zip(residuals, codebooks):
        near = torch.cdist(residual.transpose(1, 2).double(), codebook.double()).topk(2, largest=False).values
        levels.append(near[..., 1] - near[..., 0])
    return torch.stack(levels, 1).float()


def left_to_code(x, codes, codebooks):
    """The input of each level: x (B, D, T) minus the entries of the levels before it."""
    residuals = []
    for level, codebook in enumerate(codebooks):
        residuals.append(x)
        x = x - codebook[codes[:, level]].transpose(1, 2)
    return residuals


def encodec(model, audio, mask):
    out = {}
    embeddings = model.encoder(audio)
    out["mid.embeddings"] = embeddings
    codebooks = [layer.codebook.embed for layer in model.quantizer.layers]
    for n, bandwidth in enumerate(model.config.target_bandwidths):
        codes = model.quantizer.encode(embeddings, bandwidth).transpose(0, 1)
        features = model.quantizer.decode(codes.transpose(0, 1))
        waveform = model.decoder(features)
        out[f"out.codes_bw{n}"] = codes[None]
        out[f"out.last_frame_pad_bw{n}"] = torch.zeros(1, dtype=torch.int64)
        out[f"out.features_bw{n}"] = features[None]
        out[f"out.waveform_bw{n}"] = waveform
        out[f"out.waveform_trimmed_bw{n}"] = waveform[..., : audio.shape[-1]]
    out["aux.margin"] = margins(left_to_code(embeddings, codes, codebooks), codebooks)
    return out


def mimi(model, audio, mask):
    halves = {
        "semantic": model.quantizer.semantic_residual_vector_quantizer,
        "acoustic": model.quantizer.acoustic_residual_vector_quantizer,
    }
    few = 3  # levels

    def latents(x):
        seanet = model.encoder.encoder_seanet(x)
        transformed = model.encoder.encoder_transformer(seanet.transpose(1, 2))[0].transpose(1, 2)
        return seanet, transformed, model.encoder.downsample(transformed)

    out = {}
    out["mid.seanet"], out["mid.encoder_transformer"], out["out.latents"] = latents(audio)
    codes = model.quantizer.encode(out["out.latents"]).transpose(0, 1)
    first = 0
    for name, half in halves.items():
        projected = half.input_proj(out["out.latents"])
        codebooks = [layer.codebook.embed for layer in half.layers]
        own = codes[:, first : first + len(codebooks)]
        first += len(codebooks)
        out[f"mid.{name}_projected"] = projected
        out[f"aux.margin_{name}"] = margins(left_to_code(projected, own, codebooks), codebooks)
    out["out.codes"], out["out.codes_8"] = codes, codes[:, :few]
    out["out.semantic_features"] = halves["semantic"].decode(codes[:, :1])
    out["out.features_8"] = model.quantizer.decode(codes[:, :few])
    out["out.features_all"] = model.quantizer.decode(codes)
    out["mid.upsample"] = model.decoder.upsample(out["out.features_8"])
    out["mid.decoder_transformer"] = model.decoder.decoder_transformer(out["mid.upsample"].transpose(1, 2))[0].transpose(1, 2)
    out["out.waveform_8"] = model.decoder.decoder_seanet(out["mid.decoder_transformer"])
    upsampled = model.decoder.upsample(out["out.features_all"]).transpose(1, 2)
    out["out.waveform_all"] = model.decoder.decoder_seanet(model.decoder.decoder_transformer(upsampled)[0].transpose(1, 2))
    out["out.waveform_all_trimmed"] = out["out.waveform_all"][..., : audio.shape[-1]]
    if mask is not None:
        for clip, samples in enumerate(mask.sum(-1).flatten().tolist()):
            alone = latents(audio[clip : clip + 1, :, :samples])[2]
            out[f"out.codes_alone_{clip}"] = model.quantizer.encode(alone).transpose(0, 1)
    return out


def double(model):
    model = copy.deepcopy(model).double()
    for module in model.modules():
        if hasattr(module, "_embed"):
            module._embed = None  # Mimi's, computed once in float32
    return model


@torch.inference_mode()
def write(folder, model, run, hop):
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    random = torch.Generator().manual_seed(1)
    lengths = {"ragged": [13 * hop + 7], "short": [hop - 1], "batch": [10 * hop, 6 * hop + 3, 2 * hop]}
    goldens, tensors = {}, {}
    for subcase, samples in lengths.items():
        audio = torch.randn(len(samples), 1, max(samples), generator=random)
        mask = None
        if len(samples) > 1:
            mask = torch.stack([torch.arange(max(samples)) < n for n in samples])[:, None].long()
            goldens[f"{subcase}.in.padding_mask"] = mask
            audio = audio * mask
        goldens[f"{subcase}.in.waveform"] = audio
        results = []
        for threads, other, x in [(1, model, audio), (2, model, audio), (1, double(model), audio.double())]:
            torch.set_num_threads(threads)
            results.append(run(other, x, mask))
        for name, tensor in results[0].items():
            key = f"{subcase}.{name}"
            goldens[key] = tensor.clone(memory_format=torch.contiguous_format)
            if not tensor.is_floating_point():
                tensors[key] = {"shape": list(tensor.shape), "rule": RULE}
            elif ".aux." not in key:
                noise = max((tensor.double() - other[name].double()).abs().max().item() for other in results[1:])
                rounding = 2**-24 * tensor.abs().max().item()
                tensors[key] = {"shape": list(tensor.shape), "noise": noise, "atol": 20 * max(noise, rounding)}
    save_file(goldens, folder / "golden.safetensors")
    case = {"case": folder.name, "subcases": list(lengths), "tensors": tensors}
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


def main():
    root = pathlib.Path(sys.argv[1])
    seanet = {"num_filters": 2, "compress": 2, "kernel_size": 5, "sampling_rate": 1600}
    model = EncodecModel(
        EncodecConfig(
            target_bandwidths=[2.0, 4.0],
            upsampling_ratios=[4, 2],
            hidden_size=12,
            codebook_size=32,
            codebook_dim=12,
            **seanet,
        )
    ).eval()
    fill(model, 2)
    write(root / "encodec_tiny", model, encodec, 8)
    model = MimiModel(
        MimiConfig(
            upsampling_ratios=[4, 2],
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            intermediate_size=24,
            sliding_window=5,
            num_quantizers=5,
            codebook_size=32,
            codebook_dim=8,
            vector_quantization_hidden_dimension=8,
            upsample_groups=16,
            **seanet,
        )
    ).eval()
    fill(model, 3)
    write(root / "mimi_tiny", model, mimi, 16)


main()
