"""systemd's unit files, as far as these tests read them."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


class UnitFile(ConfigParser):
    """Its keys keep their letters; of a key that is written twice the values stand in lines."""

    def __init__(self, file: Path) -> None:
        super().__init__(interpolation=None, strict=True, delimiters=("=",), comment_prefixes=("#", ";"))
        seen: dict[str, str] = {}
        lines: list[str] = []
        for line in file.read_text(encoding="utf-8").splitlines():
            key, separator, value = line.partition("=")
            if separator and key in seen and not line.startswith("#"):
                lines[lines.index(seen[key])] += f"\n  {value}"
                continue
            if separator:
                seen[key] = line
            lines.append(line)
        self.read_string("\n".join(lines))

    def optionxform(self, optionstr: str) -> str:
        return optionstr
