"""Graphics cards: NVIDIA's by its library, AMD's and Intel's by /sys/class/drm.

NVML is asked where NVIDIA's driver is loaded and the package nvidia-ml-py is installed. An Intel
card is busy while it does not sleep (RC6): only root may see how busy its engines are. A driver may
hang for good; this family has a thread of its own, so it alone becomes old.
"""

import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dashboard.metrics import procfs
from dashboard.metrics.family import Family, Field
from dashboard.metrics.rates import Rates, percent
from dashboard.metrics.values import byte_count, printable

_CARD = re.compile(r"card\d+")
_VENDORS = {"0x1002": "AMD", "0x8086": "Intel"}


class Gpu(Family):
    """What each graphics card does."""

    name = "gpu"
    cadence = 5.0
    fields = (
        Field(
            "cards[].name", "", "the model, else maker and ids; with a number where two are alike"
        ),
        Field("cards[].busy_percent", "%", "time in use; of Intel's not asleep", title="GPU"),
        Field("cards[].memory_used", "bytes", "its own memory in use"),
        Field("cards[].memory_total", "bytes", "its own memory"),
        Field("cards[].memory_percent", "%", "used of its memory", title="GPU memory"),
        Field("cards[].celsius", "°C", "temperature of the chip", title="GPU"),
        Field("cards[].watts", "W", "power that it takes"),
        Field("cards[].fan_percent", "%", "speed of its fan, of the highest"),
    )

    def __init__(
        self, *, nvml: Callable[[], Any] = lambda: importlib.import_module("pynvml"), **seams: Any
    ) -> None:
        """`nvml` imports NVIDIA's library."""
        super().__init__(**seams)
        self._import = nvml
        self._nvml: Any = None
        self._rates: Rates[str] = Rates(self._clock)
        self._rates.prime(self._counters)

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields; None, and no reason, on a machine without such a card."""
        self.absent_reason = None
        if self._proc is None:
            return None
        rates = self._rates.update(self._counters())
        cards = [_sysfs_card(card, rates.get(card.name)) for card in self._cards()]
        if (self._sysfs / "module/nvidia").exists():
            cards += self._nvidia()
        names: Counter[str] = Counter()
        for card in cards:
            names[card["name"]] += 1
            if names[card["name"]] > 1:
                card["name"] += f" #{names[card['name']]}"
        return {"cards": cards} if cards else None

    def _cards(self) -> Iterator[Path]:
        for card in sorted((self._sysfs / "class/drm").glob("card*")):
            vendor = procfs.read_text(str(card / "device/vendor"))
            if _CARD.fullmatch(card.name) and vendor in _VENDORS:
                yield card

    def _counters(self) -> dict[str, tuple[float, float]]:
        """Return milliseconds asleep and microjoules, of the cards that count them."""
        found = {}
        for card in self._cards() if self._proc is not None else ():
            asleep = _number(card, _ASLEEP)
            energy = _number(card, ("device/hwmon/hwmon*/energy1_input",))
            if asleep is not None or energy is not None:
                found[card.name] = (asleep or 0.0, energy or 0.0)
        return found

    def _nvidia(self) -> list[dict[str, Any]]:
        try:
            if self._nvml is None:
                nvml = self._import()
                nvml.nvmlInit()
                self._nvml = nvml
            handle = self._nvml.nvmlDeviceGetHandleByIndex
            return [self._card(handle(n)) for n in range(self._nvml.nvmlDeviceGetCount())]
        except ImportError:
            self.absent_reason = "NVIDIA's driver is here: to see its cards install nvidia-ml-py"
        except Exception as error:  # NVMLError, or a library that doesn't fit the driver
            self._nvml = None  # after an update of the driver it has to begin anew
            self.absent_reason = f"NVML: {error}"
        return []

    def _card(self, handle: Any) -> dict[str, Any]:
        nvml = self._nvml

        def ask(question: str, *arguments: int) -> Any:
            try:
                return getattr(nvml, question)(handle, *arguments)
            except nvml.NVMLError:  # what this card doesn't have
                return None

        name, memory = ask("nvmlDeviceGetName"), ask("nvmlDeviceGetMemoryInfo")
        power = ask("nvmlDeviceGetPowerUsage")
        return _row(
            printable(name or "NVIDIA"),
            busy=getattr(ask("nvmlDeviceGetUtilizationRates"), "gpu", None),
            used=getattr(memory, "used", None),
            whole=getattr(memory, "total", None),
            celsius=ask("nvmlDeviceGetTemperature", 0),
            watts=None if power is None else power / 1000,
            fan=ask("nvmlDeviceGetFanSpeed"),
        )


_ASLEEP = (  # of the drivers xe and i915, now and before
    "device/tile*/gt0/gtidle/idle_residency_ms",
    "gt/gt0/rc6_residency_ms",
    "power/rc6_residency_ms",
)


def _sysfs_card(card: Path, rates: Sequence[float] | None) -> dict[str, Any]:
    vendor = _VENDORS[procfs.read_text(str(card / "device/vendor")) or ""]
    name = procfs.read_text(str(card / "device/product_name"))
    ids = (procfs.read_text(str(card / f"device/{part}")) or "" for part in ("vendor", "device"))
    asleep, joules = rates or (None, None)
    busy = _number(card, ("device/gpu_busy_percent",))
    if busy is None and asleep is not None and _number(card, _ASLEEP) is not None:
        busy = 100 - asleep / 10
    chip = "device/hwmon/hwmon*/"
    watts = _number(card, (f"{chip}power1_average", f"{chip}power1_input"), 1e6)
    if watts is None and joules:
        watts = joules / 1e6
    fan, fastest = _number(card, (f"{chip}pwm1",)), _number(card, (f"{chip}pwm1_max",))
    return _row(
        printable(name or f"{vendor} {':'.join(each.removeprefix('0x') for each in ids)}"),
        busy=busy,
        used=_number(card, ("device/mem_info_vram_used",)),
        whole=_number(card, ("device/mem_info_vram_total",)),
        celsius=_number(card, (f"{chip}temp1_input", f"{chip}temp2_input"), 1000),
        watts=watts,
        fan=None if fan is None else percent(fan, fastest or 255),
    )


def _row(
    name: str,
    *,
    busy: float | None,
    used: float | None,
    whole: float | None,
    celsius: float | None,
    watts: float | None,
    fan: float | None,
) -> dict[str, Any]:
    return {
        "name": name,
        "busy_percent": None if busy is None else percent(busy, 100),
        "memory_used": byte_count(used),
        "memory_total": byte_count(whole),
        "memory_percent": percent(used, whole) if used is not None and whole else None,
        "celsius": None if celsius is None else round(celsius, 1),
        "watts": None if watts is None else round(watts, 1),
        "fan_percent": fan,
    }


def _number(card: Path, patterns: Iterable[str], divisor: float = 1) -> float | None:
    """Return the first number in the files that match."""
    for pattern in patterns:
        for file in sorted(card.glob(pattern)):
            if (value := procfs.read_number(str(file))) is not None:
                return value / divisor
    return None
