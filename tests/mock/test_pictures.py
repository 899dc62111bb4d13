"""The pictures of made-up people."""

import hashlib
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mockserver.people.pictures import SIZE, portrait

SEEDS = st.lists(st.integers() | st.text(), max_size=4)


@given(SEEDS)
def test_a_portrait_is_a_png_that_a_decoder_opens(seed: list[str | int]) -> None:
    picture = portrait(*seed)
    Image.open(io.BytesIO(picture)).verify()
    image = Image.open(io.BytesIO(picture))
    image.load()

    assert (image.format, image.size, image.mode) == ("PNG", (SIZE, SIZE), "P")
    assert len(picture) < 8_000


@given(SEEDS)
def test_the_same_seed_draws_the_same_portrait(seed: list[str | int]) -> None:
    assert portrait(*seed) == portrait(*seed)


def test_other_seeds_draw_other_portraits() -> None:
    pictures = {portrait("70001234567", n) for n in range(300)}

    assert len(pictures) == 300


def test_a_portrait_shows_more_than_a_few_colours() -> None:
    for n in range(20):
        colours = Image.open(io.BytesIO(portrait(n))).convert("RGB").getcolors()

        assert colours is not None
        assert len(colours) >= 8


def test_looks_choose_among_what_a_portrait_may_show() -> None:
    for n in range(20):
        assert portrait(n, looks="women") != portrait(n, looks="men")
        assert portrait(n) in {portrait(n, looks="women"), portrait(n, looks="men")}


def test_the_lines_are_stored_so_that_no_compressor_decides_the_bytes() -> None:
    picture = portrait("stored")
    start = picture.index(b"IDAT") + 4
    length = int.from_bytes(picture[start - 8 : start - 4], "big")
    lines = zlib.decompress(picture[start : start + length])

    assert len(lines) == SIZE * (1 + SIZE // 2)
    assert picture[start : start + 3] == b"\x78\x01\x01"
    assert lines in picture


@pytest.mark.parametrize(
    ("looks", "digest"),
    [
        ("men", "306fd5980d1e2ce1"),
        ("women", "2677b06e3d550e33"),
    ],
)
def test_portraits_do_not_drift(looks: str, digest: str) -> None:
    assert hashlib.sha256(portrait("70001234567", 4, looks=looks)).hexdigest()[:16] == digest
