"""Random texts that a MySQL character set can hold, found by asking the server."""

import random
from typing import Dict, List

from support.mysql import Mysql

# Where unusual things are: controls, quotes and what JSON escapes.
ASCII_ODD = "\x00\x01\t\n\r\x1a\x1f\"'\\%_<>&=/ \x7f"
_PIECE = 8_000  # Characters per question.


class CharacterSets:
    """The server's character sets, and which characters each of them holds."""

    def __init__(self, session: Mysql):
        """`session` is asked for a set's characters when they are first needed."""
        self._session = session
        self.names: List[str] = sorted(
            str(name) for (name,) in session.execute("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS")
            if name != "binary")
        self._held: Dict[str, str] = {}

    def characters(self, name: str) -> str:
        """All characters, of the Basic Multilingual Plane and some beyond, that survive the way into the set and
        back."""
        if name not in self._held:
            self._held[name] = "".join(self._survivors(name, piece) for piece in _pieces())
            assert "A" in self._held[name], f"{name} doesn't even hold A"
        return self._held[name]

    def text(self, chance: random.Random, name: str, length: int) -> str:
        """A text of `length` characters, from ASCII, odd ASCII and the whole set."""
        held = self.characters(name)
        style = chance.random()
        if style < 0.2:
            return "".join(chance.choice(held[:128]) for _ in range(length))
        if style < 0.3:
            return "".join(chance.choice(ASCII_ODD) for _ in range(length))
        return "".join(chance.choice(held) for _ in range(length))

    def _survivors(self, name: str, piece: str) -> str:
        there = f"CONVERT(_utf8mb4 x'{piece.encode().hex()}' USING {name})"
        back = self._session.value(f"SELECT CONVERT({there} USING utf8mb4)")
        assert len(back) == len(piece), f"{name}: {len(piece)} characters went, {len(back)} came back"
        return "".join(sent for sent, got in zip(piece, back) if sent == got)


def _pieces() -> List[str]:
    points = [*range(0xD800), *range(0xE000, 0x10000), *range(0x1F300, 0x1F700), *range(0x20000, 0x20200), 0x10FFFF]
    return ["".join(map(chr, points[start:start + _PIECE])) for start in range(0, len(points), _PIECE)]


def literal(text: str, character_set: str) -> str:
    """An SQL expression for `text` in `character_set`; needs no escapes and minds no connection setting."""
    return f"CONVERT(_utf8mb4 x'{text.encode().hex()}' USING {character_set})"
