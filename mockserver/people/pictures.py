"""Draws the picture of a made-up person: a PNG, with the same bytes on every machine.

A portrait is a pile of ellipses, each cut off at the edges of a box: one pile from each table below. A pixel is one of
16 colours, kept as a hexadecimal digit, so that `bytes.fromhex` packs two of them into a byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import TypeAlias, TypeVar
from zlib import adler32, crc32

from mockserver.core.chance import number

T = TypeVar("T")

SIZE = 96  # width and height in pixels


@dataclass(frozen=True, slots=True)
class _Oval:
    """An ellipse of one colour around (x, y); only the part inside the box is drawn."""

    colour: str
    x: int
    y: int
    rx: int
    ry: int
    left: int = 0
    top: int = 0
    right: int = SIZE
    bottom: int = SIZE


def portrait(*seed_parts: str | int, looks: str | None = None) -> bytes:
    """A PNG of 96 by 96 pixels in 16 colours, about 5 kB: a friendly face, chosen by the parts of the seed. looks is
    `men` or `women`, whose hair and beards are chosen from; None is either.
    """

    def one(what: str, choices: Sequence[T]) -> T:
        return choices[number(*seed_parts, what) % len(choices)]

    hairs, beards = _LOOKS[looks or one("looks", tuple(_LOOKS))]
    behind, before = one("hair", hairs)
    shapes = (
        *_BACKGROUND,
        *behind,
        *_BODY,
        *one("clothes", _CLOTHES),
        *_HEAD,
        *before,
        *one("beard", beards),
        *one("cheeks", _CHEEKS),
        *one("brows", _BROWS),
        *one("glasses", _GLASSES),
        *one("eyes", _EYES),
        *one("nose", _NOSES),
        *one("mouth", _MOUTHS),
    )
    skin, shade = one("skin", _SKINS)
    hair, dark = one("hair colour", _HAIRS)
    cloth, trim = one("cloth", _CLOTHS)
    ground, disc = one("ground", _GROUNDS)
    palette = (ground, disc, skin, shade, hair, dark, cloth, trim, *_FIXED)
    return _png(_painted(shapes), palette)


def _painted(shapes: Iterable[_Oval]) -> bytes:
    """The lines of the picture, each after a zero byte, the filter `none` of PNG."""
    width = SIZE + 2
    canvas = bytearray(b"0" * (width * SIZE))
    for shape in shapes:
        run = shape.colour.encode() * SIZE
        whole = 4 * shape.ry * shape.ry
        for y in range(max(shape.y - shape.ry, shape.top), min(shape.y + shape.ry, shape.bottom)):
            off = 2 * (y - shape.y) + 1
            half = (isqrt((whole - off * off) * shape.rx * shape.rx) + shape.ry) // (2 * shape.ry)
            left, right = max(shape.x - half, shape.left), min(shape.x + half, shape.right)
            if left < right:
                start = y * width + 2
                canvas[start + left : start + right] = run[left:right]
    return bytes.fromhex(canvas.decode("ascii"))


def _png(lines: bytes, palette: Sequence[str]) -> bytes:
    """The file. The lines are stored without compression: compressors differ in their output."""
    header = SIZE.to_bytes(4, "big") * 2 + bytes((4, 3, 0, 0, 0))
    length = len(lines).to_bytes(2, "little")
    missing = bytes(byte ^ 0xFF for byte in length)
    stored = b"\x78\x01\x01" + length + missing + lines + adler32(lines).to_bytes(4, "big")
    chunks = {b"IHDR": header, b"PLTE": bytes.fromhex("".join(palette)), b"IDAT": stored, b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(content).to_bytes(4, "big") + kind + content + crc32(kind + content).to_bytes(4, "big")
        for kind, content in chunks.items()
    )


# Colours by their digit: 0 ground, 1 disc, 2 skin, 3 its shade, 4 hair, 5 its shade, 6 cloth, 7 trim.

_FIXED = ("2b2b33", "ffffff", "b5424a", "7c2730", "f2a29b", "3a4a63", "f6efe6", "000000")
"""8 eyes, 9 white, a lips, b mouth, c cheeks, d glasses, e shine, f unused."""


def _pairs(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(pair.split("/")) for pair in text.split())


_GROUNDS = _pairs(
    "cfe3f2/e6f1f9 d8ead2/ebf5e7 f3dcc9/faeee3 e3d6ee/f1eaf7 f6e7b8/fbf4dc f4d0d4/fae7e9 c9e6e3/e3f3f1 "
    "d9d9df/ececf0 8fb3d1/b4cee2 9cc0a0/bfd8c1"
)
_SKINS = _pairs("fbdcc4/eec0a0 f5cfae/e3b188 ecbf96/d6a073 d9a577/c08a5c f9d3bd/eab59c c68e60/a87148")
_HAIRS = _pairs(
    "2f2622/1f1815 4e3629/392619 7a5336/5e3e27 a9763f/8a5d2e dcb76a/bd964b b4532f/933f20 8d8d93/74747a 1d2230/121622"
)
_CLOTHS = _pairs(
    "3f6ea5/f4f4f4 b94a48/f2d7a0 4c8c63/e6f0da 6b5b95/ded4ee e0a030/7a4f10 2f3e4e/c7d3dd d97a5b/fbe6d8 "
    "f0f0ec/8a97a3 2a9d8f/e9f6f1 c9688e/f8e0ea"
)

_Pile: TypeAlias = tuple[_Oval, ...]


def _both(colour: str, off: int, *rest: int, **box: int) -> _Pile:
    """Two shapes, so far to the left and to the right of the middle."""
    return (_Oval(colour, 48 - off, *rest, **box), _Oval(colour, 48 + off, *rest, **box))


_BACKGROUND: _Pile = (_Oval("1", 48, 48, 45, 45),)
_BODY: _Pile = (_Oval("6", 48, 104, 37, 34), _Oval("3", 48, 68, 9, 16), _Oval("2", 48, 66, 9, 12))
_HEAD: _Pile = (*_both("3", 20, 47, 4, 6), _Oval("2", 48, 44, 20, 25), _Oval("2", 48, 42, 21, 21))
_CLOTHES: tuple[_Pile, ...] = (
    (_Oval("3", 48, 72, 12, 9, top=70), _Oval("2", 48, 71, 11, 8, top=70)),
    (_Oval("7", 48, 71, 15, 10, top=70), _Oval("2", 48, 70, 11, 8, top=68)),
    (_Oval("7", 48, 104, 37, 34, top=80, bottom=84), _Oval("7", 48, 104, 37, 34, top=88, bottom=92)),
    (*_both("7", 8, 75, 9, 6), _Oval("2", 48, 68, 8, 9), _Oval("7", 48, 90, 1, 14)),
    (_Oval("9", 48, 74, 11, 22, top=70), _Oval("2", 48, 68, 9, 8, top=64), _Oval("7", 48, 86, 3, 12, top=76)),
    (_Oval("2", 48, 70, 8, 15, top=68),),
)
_CHEEKS: tuple[_Pile, ...] = ((), _both("c", 12, 53, 4, 3))
_BROWS: tuple[_Pile, ...] = (_both("5", 8, 38, 5, 3, bottom=37), _both("5", 8, 37, 5, 1))
_GLASSES: tuple[_Pile, ...] = (
    *((),) * 3,
    (_Oval("d", 48, 44, 20, 1), *_both("d", 8, 44, 7, 7), *_both("2", 8, 44, 6, 6)),
)
_DOTS = _both("8", 8, 44, 2, 3)
_EYES: tuple[_Pile, ...] = (
    _DOTS,
    (*_DOTS, *_both("9", 8, 43, 1, 1)),
    (*_both("9", 8, 44, 4, 4), *_DOTS),
    (*_both("8", 8, 45, 4, 4, bottom=45), *_both("2", 8, 47, 4, 4)),
)
_NOSES: tuple[_Pile, ...] = ((_Oval("3", 48, 51, 2, 3),), (_Oval("3", 48, 52, 3, 2),))
_MOUTHS: tuple[_Pile, ...] = (
    (
        _Oval("a", 48, 57, 7, 6, top=58, bottom=60),
        _Oval("a", 48, 58, 5, 5, top=60, bottom=63),
        _Oval("2", 48, 56, 6, 5, top=57),
    ),
    (_Oval("b", 48, 57, 8, 7, top=57), _Oval("9", 48, 57, 7, 6, top=57, bottom=59), _Oval("a", 48, 62, 4, 2)),
    (_Oval("a", 48, 58, 5, 4, top=58),),
)
_CHIN: _Pile = (_Oval("2", 48, 50, 15, 6), _Oval("2", 48, 58, 10, 6))
_BEARDS: tuple[_Pile, ...] = (
    *((),) * 2,
    (_Oval("3", 48, 45, 20, 25, top=51), *_CHIN),
    (_Oval("4", 48, 46, 21, 26, top=51), *_CHIN),
    _both("4", 5, 56, 6, 3),
)

_Hair: TypeAlias = tuple[_Pile, _Pile]  # what is drawn behind the head, and what over it
_PARTED: _Pile = (_Oval("4", 48, 38, 23, 22, bottom=42), *_both("2", 10, 45, 12, 16))
_SWEPT: _Pile = (_Oval("4", 48, 38, 23, 22, bottom=37), _Oval("2", 54, 47, 17, 20))
_FRINGE: _Pile = (_Oval("4", 48, 39, 23, 23, bottom=34),)
_CROPPED: _Pile = (
    _Oval("4", 48, 38, 23, 22, bottom=29),
    _Oval("4", 48, 42, 22, 22, right=30, bottom=44),
    _Oval("4", 48, 42, 22, 22, left=66, bottom=44),
)
_CURLS: _Pile = (_Oval("4", 40, 21, 9, 9), _Oval("4", 51, 19, 10, 9), _Oval("4", 60, 24, 8, 8))
_HAT: _Pile = (
    _Oval("6", 48, 36, 24, 25, bottom=28),
    _Oval("7", 48, 36, 24, 25, top=26, bottom=32),
    _Oval("7", 48, 11, 6, 6),
)
_SCARF: _Hair = (
    (_Oval("6", 48, 48, 26, 32), _Oval("7", 48, 76, 7, 5)),
    (_Oval("6", 48, 44, 25, 26), _Oval("2", 48, 46, 18, 21)),
)
_MEN: tuple[_Hair, ...] = (
    ((), _CROPPED),
    ((), _SWEPT),
    ((), _PARTED),
    ((_Oval("4", 48, 42, 24, 16, top=32, bottom=54),), (_Oval("e", 41, 26, 4, 2),)),
    (_CURLS, (_Oval("4", 48, 38, 23, 22, bottom=30),)),
    ((), _HAT),
)
_WOMEN: tuple[_Hair, ...] = (
    ((_Oval("4", 48, 52, 29, 36, bottom=84),), _PARTED),
    ((_Oval("4", 48, 46, 27, 28, bottom=66),), _FRINGE),
    ((_Oval("4", 48, 15, 10, 9),), _PARTED),
    ((_Oval("4", 72, 54, 9, 20),), _SWEPT),
    (_both("4", 27, 60, 8, 17), _PARTED),
    _SCARF,
    ((_Oval("4", 48, 50, 28, 34, bottom=78),), _HAT),
)

_LOOKS: Mapping[str, tuple[tuple[_Hair, ...], tuple[_Pile, ...]]] = {"men": (_MEN, _BEARDS), "women": (_WOMEN, ((),))}
