"""Token ids, soft targets and weights -> a fine-tuned encoder, and its logits of pages."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import log_softmax

from udfs.train.encoder_model import HeadedEncoder
from udfs.train.encoder_recipe import RoundConf

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Pages = Sequence[Sequence[int]]

POOL = 8  # batches whose pages are sorted by length together, so that a batch pads little
GRADIENT_NORM = 1.0
LOWEST_RATE = 0.02  # of the highest, at the end
BETAS = (0.9, 0.98)
N_SPECIAL = 103  # BERT's special tokens come first, its mask the last of them
N_REPORTED = 20


class Targets(NamedTuple):
    """One head's soft targets [page, label], and how much each page counts."""

    soft: Floats
    weight: Floats


def fine_tune(
    model: HeadedEncoder, pages_at: Callable[[int], Pages], targets: Sequence[Targets], conf: RoundConf, seed: int
) -> None:
    """Minimise the heads' mean weighted cross entropy by AdamW, one pass over the pages for each of `conf.lengths`.

    `pages_at(n)` gives the pages' ids at n tokens. Rates rise evenly, then fall as a cosine; lower layers learn
    slower (Howard & Ruder 2018); some tokens are masked. The same input on the same machine gives the same weights.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(conf.threads)
    random, hide = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    tensors = [(torch.from_numpy(soft), torch.from_numpy(weight)) for soft, weight in targets]
    optimizer = _optimizer(model, conf)
    n_pages = len(targets[0].weight)
    n_steps, step = len(conf.lengths) * math.ceil(n_pages / conf.batch), 0
    model.train()
    for length in conf.lengths:
        pages = pages_at(length)
        for rows in _batches([len(page) for page in pages], conf.batch, random):
            for group in optimizer.param_groups:
                group["lr"] = group["highest"] * _pace((step + 1) / n_steps, conf.warm_up)
            ids, mask = _tensor([pages[i] for i in rows])
            with _precision(conf):
                logits = model(_masked(ids, conf.masked, hide), mask)
            loss = _loss(logits, [(soft[rows], weight[rows]) for soft, weight in tensors])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_NORM)
            optimizer.step()
            step += 1
            _report(step, n_steps, length, loss)
    model.eval()


def logits_of(model: HeadedEncoder, pages: Pages, conf: RoundConf) -> Floats:
    """Return the logits [page, logit], in fp32 whatever the precision of training."""
    torch.set_num_threads(conf.threads)
    model.eval()
    order = np.argsort([len(page) for page in pages], kind="stable")
    out = np.zeros((len(pages), model.head.out_features), np.float32)
    with torch.no_grad():
        for start in range(0, len(order), conf.batch):
            rows = order[start : start + conf.batch]
            out[rows] = model(*_tensor([pages[i] for i in rows])).numpy()
    return out


def _optimizer(model: HeadedEncoder, conf: RoundConf) -> torch.optim.Optimizer:
    n_layers = len(model.bert.encoder.layer)
    groups = []
    for name, weight in model.named_parameters():
        if not weight.requires_grad:
            continue
        if name.startswith("bert."):
            depth = int(name.split(".")[3]) if name.startswith("bert.encoder.layer.") else -1
            rate = conf.rate * conf.layer_decay ** (n_layers - 1 - depth)
        else:
            rate = conf.head_rate if name.startswith("head.") else conf.head_rate / 2
        decay = conf.weight_decay if weight.ndim > 1 and not name.startswith("kind.") else 0.0
        groups.append({"params": [weight], "lr": rate, "highest": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, betas=BETAS, fused=True)


def _batches(lengths: Sequence[int], size: int, random: np.random.Generator) -> Iterator[Ints]:
    """Yield the rows of each batch in a random order, pages of like length together."""
    order = random.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), POOL * size):
        pool = order[start : start + POOL * size]
        pool = pool[np.argsort([lengths[i] for i in pool], kind="stable")]
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    random.shuffle(batches)
    yield from batches


def _tensor(pages: Pages) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask [page, token], padded to the longest page."""
    longest = max(len(page) for page in pages)
    ids, mask = np.zeros((len(pages), longest), np.int64), np.zeros((len(pages), longest), np.int64)
    for row, page in enumerate(pages):
        ids[row, : len(page)], mask[row, : len(page)] = page, 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def _masked(ids: torch.Tensor, share: float, hide: torch.Generator) -> torch.Tensor:
    hidden = (torch.rand(ids.shape, generator=hide) < share) & (ids > N_SPECIAL)
    return ids.masked_fill(hidden, N_SPECIAL)


def _loss(logits: torch.Tensor, targets: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    heads = logits.split([soft.shape[1] for soft, _ in targets], dim=1)
    losses = [
        -(soft * log_softmax(head, dim=1)).sum(dim=1) * weight
        for head, (soft, weight) in zip(heads, targets, strict=True)
    ]
    return torch.stack(losses).sum(dim=0).mean()


def _pace(done: float, warm_up: float) -> float:
    """Return the share of the highest rate when this share of the steps is done."""
    if done < warm_up:
        return done / warm_up
    cosine = (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up))) / 2
    return LOWEST_RATE + (1 - LOWEST_RATE) * cosine


def _precision(conf: RoundConf) -> Any:
    return torch.autocast("cpu", torch.bfloat16, enabled=conf.precision == "bf16")


def _report(step: int, n_steps: int, length: int, loss: torch.Tensor) -> None:
    if step % N_REPORTED == 0 or step == n_steps:
        print(f"step {step} of {n_steps}, {length} tokens: loss {loss.item():.3f}", file=sys.stderr, flush=True)
