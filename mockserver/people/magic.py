"""The magic phones: numbers that need no set-up to show a state that is hard to meet by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mockserver.core.delays import Delay, parse_delay

LONG = 10_000  # characters of the longest awkward text

AWKWARD: tuple[str, ...] = (
    '"двойные" \'одинарные\' «ёлочки» “лапки” `косые` "" \'\' и незакрытая "',
    "запятая, точка с запятой; табуляция\t вертикальная | двоеточие: и снова ,;\t|",
    "CR LF\r\nLF\nодин CR\rпустая строка\n\nи ещё одна в конце\n",
    "👨\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 👍🏽 🇷🇺🇰🇿🇧🇾 ❤️ 1️⃣ 🧑🏿\u200d🚀 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "שלום עולם \u200fRLM\u200e مرحبا \u202eнаоборот\u202c \u2067отдельно\u2069 (123)",
    "<b>&amp;</b> ]]> <![CDATA[<x>]]> &#13; &nbsp; <!-- --> </item></data></response> <?php ?>",
    '=HYPERLINK("https://example.com/?a=1&b=2";"нажми")',
    '+7 (000) 000-00-00;"+"',
    "-5 % тем, кто дочитал",
    "@SUM(1;2)",
    " \tпробелы по краям и неразрывный\u00a0\u202f\u3000 \t ",
    'C:\\новая\\таблица \\" \\\' \\/ \\n \\u0041 \\x41 %s %d {0} {name} ${x} {"a": [1, null]} \\',
    "й и \u0438\u0306, e\u0301, Z\u0351\u036b\u0343, без\u200bширины, мягкий\u00adперенос, İıſß",
    "BOM\ufeffвнутри, NEL\u0085, LS\u2028, PS\u2029, DEL\u007f, \ue000, \ufffd",
    ('Длинный текст, без конца; "в кавычках" и <в скобках>. Long text & more.\n' * 200)[:LONG],
)
"""Texts that break careless clients, one kind of trouble each. XML 1.0 can carry every character of them.

U+FEFF is never the first character of a text: there it could be taken for a byte order mark.
"""


@dataclass(frozen=True, slots=True)
class Magic:
    """A magic phone."""

    phone: str
    title: str
    records: int | None = None
    """How many it has, a source of photos at most one; None is as for an ordinary phone, but at least one."""
    outcome: str | None = None
    """How its create or task ends: `limit` (refused as if the limit was used up), `bad-gateway` (HTML 502 at create),
    `fail` (the task ends in an error), `stuck` (never ready); None is the ordinary end.
    """
    awkward: bool = False  # whether its texts are those of AWKWARD
    delay: Delay | None = None  # time to ready; None is the ordinary one


_AWKWARD_TITLE = (
    f"awkward text in every field: quotes, delimiters, line breaks, emoji, right-to-left, {LONG:,} characters"
)
MAGIC: Mapping[str, Magic] = {
    magic.phone: magic
    for magic in (
        Magic("70000000000", "nothing is found", records=0),
        Magic("70000000001", "one record", records=1),
        Magic("70000000100", "a hundred records", records=100),
        Magic("70000000408", "the task is never ready", outcome="stuck"),
        Magic("70000000429", "the limit is reached, at create", outcome="limit"),
        Magic("70000000500", "the task fails", outcome="fail"),
        Magic("70000000502", "an HTML 502 from a proxy, at create", outcome="bad-gateway"),
        Magic("70000000777", _AWKWARD_TITLE, records=len(AWKWARD), awkward=True),
        Magic("70000000999", "takes 60 seconds", delay=parse_delay("60s", "")),
    )
}
