"""What the stand-ins find: one made-up person's ads, names and pictures, in text that is awkward to carry."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping

PHONE = "70005550142"
FIELDS = ("title", "price", "time", "phone", "name", "description", "location", "source", "category", "url")

_ADS = (
    (
        "Самовар «Жар-птица»; 5 л, латунь",
        "4500",
        "2030-02-03 04:05:06",
        "Прохор \U0001f4de Самоваров",
        'он "как\r\nновый", 2\t шт.; торг',
        "Верхние Мхи, ул. Лесная/7",
        "Посуда, Самовары",
        "/samovar?id=71&photo=1",
    ),
    (
        "=1+1 <b>&amp; ]]> сани расписные",
        "",
        "2029-12-31 23:59:59",
        " Проша ",
        "без торга\nсамовывоз\\",
        "",
        "23, 2301",
        "/sani_raspisnye_72",
    ),
)
NAMES = ("Проша; Самовары", "Самоваров П.,\tМхи", 'Дядя "Проша" \U0001f600', "=СУММ(Проша)", "]]>\nПрохор & Ко")
BOARDS = {2: ("avito.ru", "youla.io"), 11: ("olx.kz", "olx.kz"), 12: ("kufar.by", "kufar.by")}
"""Hosts of the boards, by source."""


def rows(phone: object, source: int) -> list[dict[str, object]]:
    """The ads of a source of boards; phone stands in each as it is given."""
    return [
        dict(
            zip(
                FIELDS,
                (title, price, time, phone, name, text, place, host, category, f"https://{host}{path}"),
                strict=True,
            )
        )
        for (title, price, time, name, text, place, category, path), host in zip(_ADS, BOARDS[source], strict=True)
    ]


def _png() -> bytes:
    """Two pixels by two, in grey."""
    parts = (
        (b"IHDR", struct.pack(">2I5B", 2, 2, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\x00\x10\xf0\x00\xf0\x10")),
        (b"IEND", b""),
    )
    framed = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def _gif() -> bytes:
    """One pixel, black."""
    screen = struct.pack("<2H3B", 1, 1, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    image = b"," + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + screen + image + b";"


PHOTOS: Mapping[int, str] = {3: base64.b64encode(_png()).decode(), 4: base64.b64encode(_gif()).decode()}
"""Pictures as base64, by source."""

PERSONAL = (
    PHONE,
    "Самовар «Жар-птица»",
    "сани расписные",
    "Самоваров",
    "Верхние Мхи",
    "без торга",
    "самовывоз",
    "samovar?id=71",
    "sani_raspisnye",
    "Проша; Самовары",
    "СУММ(Проша)",
    "Прохор & Ко",
    *PHOTOS.values(),
)
"""Texts of the data, none shorter than six characters, of which no report may hold one."""
