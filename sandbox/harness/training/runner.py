"""Runs a submission's train.py segment by segment; everything that this process says is a stranger's word.

The submission shares this process, so nothing here is believed: the referee outside counts batches and keeps the clock,
and another process checks the weights that come out. Both codes of a comparison stay loaded from the first to the last
segment; weights, moments and data are new in each.
"""

import contextlib
import gc
import hashlib
import importlib.abc
import importlib.machinery
import inspect
import json
import os
import struct
import sys
import threading
import types

sys.path.insert(0, "/harness/training")
from startup import uncollected

with uncollected():
    import numpy
    import torch
    import wire
    from model import batch_of, build_model, build_optimizer, limit_threads, mapper, set_weights

TEXT_CHARACTERS_MAX = 600
DTYPES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.float64: "F64"}


class Fault(Exception):
    def __init__(self, code, text="", line=None):
        super().__init__()
        self.payload = json.dumps({"code": code, "text": text[:TEXT_CHARACTERS_MAX], "line": line}).encode()


class Transformers(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Files written for the Tournament import transformers at their top and use it only at home: its names may be
    imported here, and each says what it is when it is used. Made when somebody imports it, for PyTorch looks whether it is."""

    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == "transformers" else None

    def exec_module(self, module):
        def unavailable(name):
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (Unavailable,), {})

        module.__getattr__ = unavailable


class Unavailable:
    def __new__(cls, *_, **__):
        raise RuntimeError(f"transformers.{cls.__name__} is not installed: the model is handed over")


def line_in_submission(error):
    line, frame = None, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "train.py":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def describe(error):
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:
        return type(error).__name__


def fault_of(error, code):
    text = describe(error)
    if isinstance(error, SystemExit):
        return Fault("NO_ANSWER", text, line_in_submission(error))
    # PyTorch tells a lack of memory by a RuntimeError of one kind or another.
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return Fault("OUT_OF_MEMORY", text, line_in_submission(error))
    return Fault(code, text, line_in_submission(error))


def load(source):
    try:
        code = compile(source, "train.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise Fault("SYNTAX_ERROR", describe(error), getattr(error, "lineno", None)) from None
    module = types.ModuleType("train")
    module.__file__ = "train.py"
    sys.modules["train"] = module
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        raise fault_of(error, "LOAD_FAILED") from None
    function = getattr(module, "inner_steps", None)
    if not callable(function):
        raise Fault("MISSING_FUNCTION", "no function inner_steps")
    try:
        inspect.signature(function).bind(None, None, None, 0, None)
    except TypeError as error:
        raise Fault("WRONG_SIGNATURE", describe(error)) from None
    except ValueError:
        pass  # A built-in without a signature: the call itself will tell.
    return function


def sample(tensors, positions):
    """Values at (tensor, index) pairs, in their order."""
    values = numpy.empty(len(positions), "<f4")
    for tensor in numpy.unique(positions[:, 0]):
        chosen = positions[:, 0] == tensor
        flat = tensors[int(tensor)].detach().reshape(-1)
        index = torch.from_numpy(positions[chosen, 1].astype("<i8")).to(flat.device)
        values[chosen] = flat[index].float().cpu().numpy()
    return values


def on_host(tensors):
    """The tensors on the host, when every queue of the device has come to its end. From a GPU all at once into pinned
    memory, which PyTorch keeps for the next run: the clock runs, and a copy to other memory waits for each tensor."""
    copies = []
    for tensor in tensors:
        if tensor.is_cuda:
            copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            copies.append(copy.copy_(tensor.detach(), non_blocking=True))
        else:
            copies.append(tensor.detach().to("cpu").contiguous())
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return copies


def bytes_of(flat):
    return flat.reshape(-1).view(torch.uint8).numpy()


def digests(flats, over):
    """SHA-256 of each tensor's values: what comes out later must be these."""
    return b"".join(over(lambda flat: hashlib.sha256(memoryview(bytes_of(flat))).digest(), flats))


class Batches:
    """The iterator that a submission gets: one batch a step, from the referee's hand; after the last, that one again."""

    def __init__(self, channel, contract, device, steps, parameters):
        self.channel, self.contract, self.device = channel, contract, device
        self.steps, self.parameters = steps, parameters
        self.taken, self.last, self.lock = 0, None, threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            if self.taken == self.steps:
                return self.last.clone()
            self.channel.send(wire.NEXT)
            payload = self.channel.receive(wire.DATA)
            self.taken += 1
            (count,) = struct.unpack_from("<I", payload)
            tokens = payload[4 + 8 * count :]
            if count > 0:
                positions = numpy.frombuffer(payload, "<u4", 2 * count, 4).reshape(-1, 2)
                self.channel.send(wire.CHECKPOINT, sample(self.parameters, positions))
            self.last = batch_of(tokens, self.contract, self.device)
            return self.last.clone() if self.taken == self.steps else self.last


def final_tensors(result, model, names):
    state = getattr(result, "final_state", None)
    if state is None:
        return [parameter for _, parameter in model.named_parameters()]
    if sorted(state) != sorted(names):
        odd = sorted(set(map(str, state)) ^ set(names))[:3]
        raise Fault("WRONG_STATE", f"final_state must have the model's own names; it differs in {odd}")
    return [state[name] for name in names]


def dump(channel, names, flats):
    """As in a safetensors file: length of the header, header, values."""
    header, parts, offset = {}, [], 0
    for name, flat in zip(names, flats):
        raw = bytes_of(flat)
        header[name] = {
            "dtype": DTYPES.get(flat.dtype, str(flat.dtype)),
            "shape": list(flat.shape),
            "data_offsets": [offset, offset + len(raw)],
        }
        offset += len(raw)
        parts.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    channel.send(wire.WEIGHTS, struct.pack("<Q", len(text)), text, *parts)


def claims(result):
    """What the submission says of itself: told to the referee, counted by nobody."""
    tokens, loss = getattr(result, "total_tokens", None), getattr(result, "final_loss", None)
    logits = getattr(result, "final_logits", None)
    if not isinstance(logits, torch.Tensor):
        raise Fault("WRONG_TYPE", f"final_logits is {type(logits).__name__}, not a tensor")
    try:
        # JSON has no NaN and no infinity.
        told = float(loss) if numpy.isfinite(float(loss)) else None
        return logits, {"tokens": int(tokens), "loss": told, "logits": list(logits.shape)}
    except (TypeError, ValueError, OverflowError) as error:
        raise Fault("WRONG_TYPE", f"total_tokens and final_loss must be numbers: {describe(error)}") from None


class Runner:
    def __init__(self, channel, contract, source):
        self.channel, self.contract = channel, contract
        self.device, self.over = torch.device(contract["device"]), mapper(contract)
        self.inner_steps = load(source)
        self.model = build_model(contract, self.device)
        self.names = [name for name, _ in self.model.named_parameters()]
        gc.collect()
        # The first optimizer imports PyTorch's compiler. A collection in the middle of a run need not look through all of it.
        with uncollected():
            build_optimizer(self.model, contract)

    def segment(self, begin):
        set_weights(self.model, begin["seed"], self.over)
        optimizer = build_optimizer(self.model, self.contract)
        parameters = [parameter for _, parameter in self.model.named_parameters()]
        batches = Batches(self.channel, self.contract, self.device, begin["steps"], parameters)
        torch.manual_seed(0)
        gc.collect()
        self.channel.send(wire.READY)
        self.channel.receive(wire.GO)
        try:
            result = self.inner_steps(self.model, batches, optimizer, begin["steps"], self.device)
            logits, said = claims(result)
            self.channel.send(wire.ANSWER, json.dumps(said).encode())
            ask = self.channel.receive(wire.ASK)
            row = torch.from_numpy(numpy.frombuffer(ask, "<u4").astype("<i8"))
            tensors = final_tensors(result, self.model, self.names)
            chosen = logits.detach().reshape(-1, logits.shape[-1])[row.to(logits.device)].float().cpu()
            flats = on_host(tensors)
            self.channel.send(wire.REPLY, digests(flats, self.over), chosen.contiguous().numpy())
            self.channel.receive(wire.DUMP)
            dump(self.channel, self.names, flats)
        except (Fault, wire.Gone):
            raise
        except BaseException as error:
            raise fault_of(error, "EXCEPTION") from None

    def serve(self):
        while True:
            self.segment(json.loads(bytes(self.channel.receive(wire.BEGIN))))


def open_channel():
    """Takes the referee's pipes for itself; what a submission prints goes to stderr."""
    channel = wire.Channel(os.dup(0), os.dup(1))
    with open(os.devnull) as null:
        os.dup2(null.fileno(), 0)
    os.dup2(2, 1)
    return channel


def main():
    channel = open_channel()
    limit_threads(torch)
    sys.meta_path.append(Transformers())
    channel.send(wire.HELLO)
    try:
        setup = channel.receive(wire.SETUP)
        (length,) = struct.unpack_from("<I", setup)
        contract, source = json.loads(bytes(setup[4 : 4 + length])), bytes(setup[4 + length :])
        runner = Runner(channel, contract, source)
        channel.send(wire.READY)
        runner.serve()
    except wire.Gone:
        pass
    except Fault as fault:
        channel.send(wire.ERROR, fault.payload)
    with contextlib.suppress(BaseException):
        sys.stderr.flush()
    os._exit(0)


main()
