"""Checks what a submission's training left: trains the reference on the same batches and compares. Never sees a submission's code.

Numbers come back as whole parts per billion; which of them pass is the competition's rule, not this file's.
"""

import json
import os
import struct
import sys
import types

sys.path.insert(0, "/harness/training")
from startup import uncollected

with uncollected():
    import numpy
    import nvml
    import torch
    import torch.nn.functional as F
    import wire
    from model import batch_of, build_model, build_optimizer, limit_threads, mapper, set_weights

# An optimizer imports PyTorch's compiler, half of what there is to import, only to be left out of what is compiled: here nothing is.
torch._dynamo = sys.modules["torch._dynamo"] = types.SimpleNamespace(
    disable=lambda function, *_, **__: function, graph_break=lambda: None
)

# Weights that the ledger is told from: as many say as much as all of them.
LEDGER_POSITIONS = 20_000
# Above every tolerance: what no number could be made of.
BEYOND_PPB = 10**15


def ppb(value):
    value = float(value)
    return BEYOND_PPB if not numpy.isfinite(value) else min(round(value * 1e9), BEYOND_PPB)


def norm(tensor):
    return float(torch.linalg.vector_norm(tensor.double()))


def loss_of(logits, batch):
    return F.cross_entropy(logits.reshape(-1, logits.size(-1)).float(), batch[:, 1:].reshape(-1))


class Verifier:
    def __init__(self, contract):
        self.contract, self.device = contract, torch.device(contract["device"])
        self.over = mapper(contract)
        self.model = build_model(contract, self.device)
        self.probe = build_model(contract, self.device)

    def flat(self, model):
        return torch.cat([parameter.detach().reshape(-1) for parameter in model.parameters()])

    def train(self, order, payload):
        """The reference's own run, and everything that checks hold against it."""
        size = 2 * self.contract["batch"] * self.contract["model"]["sequence"]
        steps = order["steps"]
        parts = [payload[index * size : (index + 1) * size] for index in range(steps)]
        self.batches = [batch_of(part, self.contract, self.device) for part in parts]
        set_weights(self.model, order["seed"], self.over)
        optimizer = build_optimizer(self.model, self.contract)
        total = self.flat(self.model).numel()
        chosen = numpy.random.default_rng(0).choice(total, min(total, LEDGER_POSITIONS), replace=False)
        positions = torch.from_numpy(numpy.sort(chosen)).to(self.device)
        self.first = self.flat(self.model).clone()
        ledger, self.losses, self.states = [self.first[positions]], [], {}
        wanted = {step - back for step in order["checkpoints"] for back in range(3)}
        for step, batch in enumerate(self.batches):
            if step in wanted:
                self.states[step] = self.flat(self.model).clone()
            logits = self.model(batch[:, :-1])
            loss = loss_of(logits, batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            self.losses.append(float(loss))
            ledger.append(self.flat(self.model)[positions])
        self.logits = logits.detach().reshape(-1, logits.size(-1)).float()
        self.last = self.flat(self.model).clone()
        self.positions = positions
        self.ledger = torch.stack(ledger).double().cpu().numpy()
        self.memory = self.sequence_losses(self.model)

    def rest(self):
        """Gives back what a GPU's memory was reserved for: those that are timed need it."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @torch.no_grad()
    def sequence_losses(self, model):
        """Mean loss of each training sequence under these weights: [steps, batch]. In float32, on a GPU with TF32's products:
        rounding to bfloat16 would move it ten times as far as an honest run's other weights do."""
        losses = []
        model.autocast, torch.backends.cuda.matmul.allow_tf32 = False, True
        for batch in self.batches:
            logits = model(batch[:, :-1])
            told = F.cross_entropy(logits.reshape(-1, logits.size(-1)), batch[:, 1:].reshape(-1), reduction="none")
            losses.append(told.view(len(batch), -1).double().mean(1))
        model.autocast, torch.backends.cuda.matmul.allow_tf32 = self.contract["precision"] == "bfloat16", False
        return torch.stack(losses)

    def check(self, order, payload):
        """Numbers about one run's weights, its answered logits rows and its checkpoint."""
        rows = len(order["rows"]) * self.logits.size(-1)
        floats = torch.frombuffer(payload, dtype=torch.float32).to(self.device)
        logits, rest = floats[:rows], floats[rows:]
        checkpoint, weights = rest[: len(order["positions"])], rest[len(order["positions"]) :]
        if not bool(torch.isfinite(weights).all()):
            return {"finite": False}
        offset = 0
        with torch.no_grad():
            for parameter in self.probe.parameters():
                parameter.copy_(weights[offset : offset + parameter.numel()].view_as(parameter))
                offset += parameter.numel()
        gaps = (self.sequence_losses(self.probe) - self.memory).cpu()
        by_step = gaps.pow(2).mean(1).sqrt()
        step = int(by_step.argmax()) if bool(torch.isfinite(by_step).all()) else 0
        coefficients, errors = self.explain(weights)
        worst = int(numpy.argmin(coefficients))
        return {
            "finite": True,
            "logitsPpb": self.logits_gap(logits, order["rows"]),
            "lossPpb": ppb(abs(order["loss"] - self.losses[-1])),
            "updatePpb": ppb(norm(weights - self.last) / norm(self.last - self.first)),
            **self.tensor_gap(weights),
            "memoryPpb": ppb(by_step.max()),
            "memoryStep": step,
            "memorySequence": int(gaps[step].abs().argmax()),
            "ledgerStep": worst,
            "ledgerPpb": ppb(coefficients[worst]),
            "ledgerErrorPpb": ppb(errors[worst]),
            "checkpointPpb": self.checkpoint_gap(checkpoint, order),
        }

    def tensor_gap(self, weights):
        """How much shorter or longer than the reference's the way of one tensor is: 1 for one that was not trained."""
        worst, which, offset = 0.0, 0, 0
        for number, parameter in enumerate(self.model.parameters()):
            end = offset + parameter.numel()
            way = norm(weights[offset:end] - self.first[offset:end]) / norm(self.last[offset:end] - self.first[offset:end])
            if abs(way - 1) > worst:
                worst, which = abs(way - 1), number
            offset = end
        return {"tensorPpb": ppb(worst), "tensor": which}

    def logits_gap(self, given, rows):
        """Of the worst row, so that many good rows do not hide one."""
        wanted = self.logits[torch.tensor(rows, device=self.device)].double()
        gap = torch.linalg.vector_norm(given.view_as(wanted).double() - wanted, dim=1)
        return ppb((gap / torch.linalg.vector_norm(wanted, dim=1)).max())

    def explain(self, weights):
        """How much more or less of each step's update the weights hold than the reference's: least squares, with errors."""
        updates = numpy.diff(self.ledger, axis=0).T
        residual = weights[self.positions].double().cpu().numpy() - self.ledger[-1]
        coefficients, *_ = numpy.linalg.lstsq(updates, residual, rcond=None)
        left = residual - updates @ coefficients
        inverse = numpy.linalg.pinv(updates.T @ updates)
        errors = numpy.sqrt(numpy.diag(inverse) * (left @ left) / max(1, len(left) - len(coefficients)))
        return coefficients, errors

    def checkpoint_gap(self, given, order):
        """Distance from the nearest state that prefetching two batches allows, as part of the way from the first weights."""
        if given.numel() == 0:
            return 0
        index = self.flat_index(order["positions"])
        step, first = order["checkpoint"], self.first[index]
        states = [self.states[step - back][index] for back in range(3) if step - back in self.states]
        way = norm(states[0] - first)
        return ppb(min(norm(given - state) for state in states) / way) if way > 0 else 0

    def flat_index(self, positions):
        starts, offset = [], 0
        for parameter in self.model.parameters():
            starts.append(offset)
            offset += parameter.numel()
        return torch.tensor([starts[tensor] + index for tensor, index in positions], device=self.device)


def split(payload):
    """A head of JSON, its length before it, and what follows."""
    (length,) = struct.unpack_from("<I", payload)
    return json.loads(bytes(payload[4 : 4 + length])), payload[4 + length :]


def main():
    channel = wire.Channel(0, 1)
    limit_threads(torch)
    channel.send(wire.HELLO)
    try:
        contract = json.loads(bytes(channel.receive(wire.SETUP)))
        verifier = Verifier(contract)
        channel.send(wire.READY)
        while True:
            kind, payload = channel.receive_any()
            if kind == wire.PROBE:
                channel.send(wire.FOUND, json.dumps(nvml.read()).encode())
                continue
            order, rest = split(payload)
            if kind == wire.TRAIN:
                verifier.train(order, rest)
                verifier.rest()
                channel.send(wire.READY)
            elif kind == wire.CHECK:
                found = verifier.check(order, rest)
                verifier.rest()
                channel.send(wire.FOUND, json.dumps(found).encode())
            else:
                raise RuntimeError(f"frame {kind}")
    except wire.Gone:
        os._exit(0)


main()
