"""Cases of Llama for tests/plugins/language_models/llama, made by transformers and peft from random weights.

    pip install torch transformers peft safetensors
    python tests/golden/scripts/language_models.py tests/golden/codec_lm

A case is a folder: config.json and model.safetensors as save_pretrained writes them (for LoRA in base/, with
adapter/ next to it), golden.safetensors (<subcase>.in|mid|out.<name>) and case.json, which gives each float
tensor its tolerance: 20 times the largest difference between one and two threads, and between the two
implementations of attention, or of rounding.
"""

import copy
import json
import pathlib
import sys

import peft
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

VOCABULARY, WIDTH, NEW = 48, 24, 6


def model_of(seed, **changes):
    settings = {
        "vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": 40, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
        "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1, "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1000.0},
    }  # fmt: skip
    settings.update(changes)
    model = LlamaForCausalLM(LlamaConfig(**settings)).eval()
    random = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data.copy_(torch.randn(parameter.shape, generator=random) * 0.2)
        else:
            parameter.data.copy_(1 + 0.2 * torch.randn(parameter.shape, generator=random))
    return model


def batch(random, lengths, left):
    longest = max(lengths)
    ids = torch.ones(len(lengths), longest, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        place = slice(longest - length, longest) if left else slice(0, length)
        ids[row, place] = torch.randint(2, VOCABULARY, (length,), generator=random)
        mask[row, place] = 1
    return ids, mask


def labelled(ids, mask):
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :3] = -100
    return labels


def inputs():
    """The parts common to all computations."""
    random = torch.Generator().manual_seed(1)
    made = {}
    ids, mask = batch(random, [9, 5, 12], left=False)
    made.update({"right.in.input_ids": ids, "right.in.attention_mask": mask, "right.in.labels": labelled(ids, mask)})
    ids, mask = batch(random, [4, 11, 7], left=True)
    made.update({"left.in.input_ids": ids, "left.in.attention_mask": mask})
    made["single.in.input_ids"] = batch(random, [6], left=False)[0]
    made["prefix.in.prefix_embeds"] = torch.randn(2, 4, WIDTH, generator=random) * 0.3
    made["prefix.in.question_ids"] = batch(random, [5, 5], left=False)[0]
    made["prefix.in.answer_ids"] = batch(random, [3, 3], left=False)[0]
    return made


def hide(tensor, mask):
    return tensor * mask[..., None]


def generated(model, **given):
    out = model.generate(
        **given, max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False, output_logits=True,
        return_dict_in_generate=True,
    )  # fmt: skip
    return out.sequences[:, -NEW:], torch.stack(out.logits, 1)


def llama(model, x):
    out = {}
    mask = x["right.in.attention_mask"]
    result = model(x["right.in.input_ids"], attention_mask=mask, labels=x["right.in.labels"], output_hidden_states=True)
    out["right.out.logits"], out["right.out.loss"] = hide(result.logits, mask), result.loss.view(1)
    for n, state in enumerate(result.hidden_states):
        out[f"right.mid.hidden_{n}"] = hide(state, mask)
    mask = x["left.in.attention_mask"]
    places = (mask.cumsum(1) - 1).clamp(min=0)
    out["left.out.logits"] = hide(model(x["left.in.input_ids"], attention_mask=mask, position_ids=places).logits, mask)
    ids, logits = generated(model, inputs=x["left.in.input_ids"], attention_mask=mask)
    out["left.out.greedy_ids"], out["left.out.greedy_logits"] = ids, logits
    ids, logits = generated(model, inputs=x["single.in.input_ids"])
    out["single.out.greedy_ids"], out["single.out.greedy_logits"] = ids, logits

    embed = model.get_input_embeddings()
    asked = torch.cat([x["prefix.in.prefix_embeds"], embed(x["prefix.in.question_ids"])], 1)
    whole = torch.cat([asked, embed(x["prefix.in.answer_ids"])], 1).detach().requires_grad_()
    ignored = torch.full(asked.shape[:2], -100)
    x["prefix.in.inputs_embeds"] = whole.detach()
    x["prefix.in.labels"] = torch.cat([ignored, x["prefix.in.answer_ids"]], 1)
    x["prefix.in.attention_mask"] = torch.ones(whole.shape[:2], dtype=torch.int64)
    result = model(inputs_embeds=whole, labels=x["prefix.in.labels"])
    result.loss.backward()
    out["prefix.out.logits"], out["prefix.out.loss"] = result.logits, result.loss.view(1)
    out["prefix.out.grad_inputs_embeds"] = whole.grad
    out["prefix.out.greedy_ids"] = generated(model, inputs_embeds=asked.detach())[0]
    return out


def lora(model, x):
    out = {}
    mask = x["right.in.attention_mask"]
    given = {"input_ids": x["right.in.input_ids"], "attention_mask": mask, "labels": x["right.in.labels"]}
    result = model(**given)
    result.loss.backward()
    out["right.out.logits"], out["right.out.loss"] = hide(result.logits, mask), result.loss.view(1)
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    for name, parameter in trained:
        out["right.out.grad." + name.replace(".default.", ".")] = parameter.grad.clone()
    merged = copy.deepcopy(model).merge_and_unload()
    out["right.out.merged_logits"] = hide(merged(**given).logits, mask)
    optimiser = torch.optim.AdamW([parameter for _, parameter in trained], lr=1e-3)
    losses = []
    for _ in range(4):
        optimiser.zero_grad()
        loss = model(**given).loss
        losses.append(loss.detach())
        loss.backward()
        optimiser.step()
    out["right.out.adamw_losses"] = torch.stack(losses)
    return out


def write(folder, make, run, wanted):
    results = []
    for threads, attention in [(1, "eager"), (2, "eager"), (1, "sdpa")]:
        torch.set_num_threads(threads)
        model = make()
        model.set_attn_implementation(attention)
        x = {name: tensor for name, tensor in inputs().items() if wanted(name)}
        results.append({name: tensor.detach() for name, tensor in run(model, x).items()})
    tensors = {}
    for name, tensor in results[0].items():
        if not tensor.is_floating_point():
            tensors[name] = {"shape": list(tensor.shape), "rule": "int; equal"}
            continue
        noise = max((tensor.double() - other[name].double()).abs().max().item() for other in results[1:])
        rounding = 2**-24 * tensor.abs().max().item()
        tensors[name] = {"shape": list(tensor.shape), "noise": noise, "atol": 20 * max(noise, rounding)}
    goldens = {name: tensor.contiguous().clone() for name, tensor in {**x, **results[0]}.items()}
    save_file(goldens, folder / "golden.safetensors")
    subcases = list(dict.fromkeys(name.split(".")[0] for name in goldens))
    case = {"case": folder.name, "subcases": subcases, "tensors": tensors}
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


def main():
    root = pathlib.Path(sys.argv[1])
    llama3 = {
        "rope_type": "llama3", "rope_theta": 1000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16,
    }  # fmt: skip
    changes = {"tie_word_embeddings": False, "attention_bias": True, "mlp_bias": True, "head_dim": 8}
    folder = root / "llama_tiny"
    folder.mkdir(parents=True, exist_ok=True)
    model_of(4, rope_parameters=llama3, **changes).save_pretrained(folder)
    write(folder, lambda: LlamaForCausalLM.from_pretrained(folder).eval(), llama, lambda name: True)

    folder = root / "llama_lora_tiny"
    folder.mkdir(parents=True, exist_ok=True)
    base = model_of(5)
    base.save_pretrained(folder / "base")
    ranks = {"rank_pattern": {"layers.1.mlp.down_proj": 3}, "alpha_pattern": {"q_proj": 6}}
    settings = peft.LoraConfig(
        r=2, lora_alpha=8, target_modules=["q_proj", "v_proj", "gate_proj", "down_proj"], use_rslora=True, **ranks
    )
    adapted = peft.get_peft_model(base, settings)
    random = torch.Generator().manual_seed(6)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data.copy_(torch.randn(parameter.shape, generator=random) * 0.3)
    adapted.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)

    def again():
        model = LlamaForCausalLM.from_pretrained(folder / "base").eval()
        return peft.PeftModel.from_pretrained(model, folder / "adapter", is_trainable=True).eval()

    write(folder, again, lora, lambda name: name.startswith("right."))


main()
