"""What the GPU's driver says of the first GPU: by NVIDIA's management library, which comes with the driver; None without one."""

import ctypes

CLOCK_SM, TEMPERATURE_GPU, ECC_UNCORRECTED, SINCE_BOOT = 1, 0, 1, 0
TEXT_BYTES = 96
INSUFFICIENT_SIZE = 7


def _text(call, *arguments):
    buffer = ctypes.create_string_buffer(TEXT_BYTES)
    return buffer.value.decode(errors="replace") if call(*arguments, buffer, TEXT_BYTES) == 0 else None


def _number(call, kind, *arguments):
    """None where this GPU does not tell."""
    value = kind()
    return value.value if call(*arguments, ctypes.byref(value)) == 0 else None


class Utilization(ctypes.Structure):
    """Of the last sampling period, which is a sixth of a second to one: per cent of the time with a kernel running."""

    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


def _busy_percent(nvml, handle):
    use = Utilization()
    return use.gpu if nvml.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(use)) == 0 else None


def read():
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return None
    handle = ctypes.c_void_p()
    if nvml.nvmlInit_v2() != 0 or nvml.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(handle)) != 0:
        return None
    count = ctypes.c_uint(0)
    code = nvml.nvmlDeviceGetComputeRunningProcesses_v3(handle, ctypes.byref(count), None)
    unsigned, large = ctypes.c_uint, ctypes.c_ulonglong
    return {
        "name": _text(nvml.nvmlDeviceGetName, handle),
        "driver": _text(nvml.nvmlSystemGetDriverVersion),
        "throttleReasons": _number(nvml.nvmlDeviceGetCurrentClocksThrottleReasons, large, handle),
        "processes": count.value if code in (0, INSUFFICIENT_SIZE) else None,
        "busyPercent": _busy_percent(nvml, handle),
        "smMhz": _number(nvml.nvmlDeviceGetClockInfo, unsigned, handle, CLOCK_SM),
        "celsius": _number(nvml.nvmlDeviceGetTemperature, unsigned, handle, TEMPERATURE_GPU),
        "eccErrors": _number(nvml.nvmlDeviceGetTotalEccErrors, large, handle, ECC_UNCORRECTED, SINCE_BOOT),
    }
