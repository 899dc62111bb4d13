"""Files hold no credential and no value of somebody's answer: what is found is masked, and the file is written."""

from __future__ import annotations

import base64
import errno
import json
import os
import re
import time
import tomllib
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree, html

from contract_tests.contract.clauses import GRADES, all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.learning.learned_profile import LearnedChoice, LearnedProfile, Uncovered, profile_file
from contract_tests.redact.secrets import VALUE, Secrets
from contract_tests.redact.write import masked, notice, try_to_append, try_to_write, write
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import Report
from support.made_reports import SAMPLE, TEXTS, reports
from support.spelled import SPELLED

TOKEN, LOGIN, PHONE = "7f3a9c5be1d2408e", "anna+1@example.com", "70005550142"
ROW = {
    "title": "Диван; «угол», 2 м",
    "price": "500",
    "time": "2030-01-02 03:04:05",
    "phone": 70005550123,
    "name": "Ия",
    "source": "avito.ru",
    "category": "Мебель",
    "description": "",
    "url": "https://avito.ru/moskva/divan_1848",
}
ALL = {TOKEN: "$IFIND_TOKEN", LOGIN: "$IFIND_LOGIN", PHONE: "$IFIND_PHONE"}
PICTURE = bytes(range(7, 250)) * 3


def ready(**members: Any) -> dict[str, Any]:
    return {"status": "ready", "data": [ROW], "names": [{"name": "Ольга Диваны"}], "photo": "", "cost": "1", **members}


def learnt(**members: Any) -> Secrets:
    secrets = Secrets(dict(ALL))
    secrets.learn(ready(**members))
    return secrets


# What is learnt from an answer.


@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("value", [ROW["title"], ROW["url"], str(ROW["phone"]), ROW["category"], "Ольга Диваны"])
def test_a_value_of_an_answer_is_masked_however_it_is_written(spelled: str, value: str) -> None:
    written = SPELLED[spelled](value)
    content, places = masked(f"<<{written}>>".encode(), learnt())

    assert (content.decode().startswith(f"<<{VALUE}"), places) == (True, 1)
    assert written not in content.decode()


def test_texts_that_would_be_found_by_chance_are_not_searched_for() -> None:
    content = "avito.ru 2030-01-02 03:04:05 500 Ия 1500000 processing ready 127.0.0.1 http://10.1.2.3/api".encode()
    secrets = learnt(
        ip="10.1.2.3", create_time="2030-01-02 03:04:05", error_code="documented", price="1500000", state="processing"
    )

    assert masked(content, secrets) == (content, 0)


def test_a_value_that_happens_to_stand_in_the_sources_of_the_kit_is_masked_too() -> None:
    secrets = learnt(names=[{"name": "Ольга Тульская"}, {"name": "without_secrets"}])

    assert masked("Ольга Тульская, without_secrets".encode(), secrets) == (b"(value), (value)", 2)


def test_what_every_report_says_of_clauses_stays_whatever_an_answer_holds() -> None:
    own = [*GRADES, *Outcome, *(text for c in all_clauses().values() for text in (c.id, c.title, c.evidence))]
    secrets = learnt(names=[{"name": word} for text in own for word in (text, *re.findall(r"\w{6,}", text))])
    report = json.dumps({"own": own}, ensure_ascii=False).encode()

    assert masked(report, secrets) == (report, 0)


def test_a_value_that_a_clause_names_as_an_example_is_masked_elsewhere() -> None:
    evidence = all_clauses()["row.category"].evidence
    secrets = learnt(category="Автомобили")

    assert "Автомобили" in evidence
    assert masked(f"{evidence} Автомобили".encode(), secrets) == (f"{evidence} (value)".encode(), 1)


def test_what_the_report_shows_of_the_target_is_no_secret() -> None:
    secrets = Secrets(shown=("https://standin.example/api",))
    secrets.learn({"data": [{"host": "standin.example", "title": "Тахта «Уют»"}]})

    assert secrets.found_in(b"https://standin.example/api") is None
    assert secrets.found_in("Тахта «Уют»".encode()) == VALUE


@pytest.mark.parametrize("number", ["Ольга Тульская", "olga@example.org", "Olga Tulskaya", "Ольга Тульская, " * 9])
def test_an_id_that_is_no_id_is_a_value_like_any(number: str) -> None:
    secrets = Secrets()
    secrets.learn({"status": "ok", "id": number})

    assert secrets.mask(f"curl '/api/result?id={quote(number)}&format=xml'").count(VALUE) == 1
    assert number not in secrets.mask(f"an id {number}")


@pytest.mark.parametrize("number", ["123", "a81bc81b-dead-4e5d-abff-90865d1e13b1", "task_000123456789"])
def test_an_id_is_shown(number: str) -> None:
    secrets = Secrets()
    secrets.learn({"status": "ok", "id": number})

    assert secrets.mask(f"id={number}") == f"id={number}"


def test_an_excerpt_of_a_long_value_is_found() -> None:
    text = "".join(f"{n} раз, " for n in range(3000))
    secrets = learnt(names=[{"name": text}])

    assert secrets.found_in(text[333:373].encode())
    assert secrets.found_in(text[-30:].encode())
    assert secrets.mask(f"<<{text[:600]}>>") == f"<<{VALUE}{text[600 // 20 * 20 : 600]}>>"


def test_an_excerpt_of_a_picture_is_found_and_the_beginning_that_pictures_share_is_not() -> None:
    text = base64.b64encode(PICTURE).decode()
    secrets = learnt(photo=text)

    assert secrets.found_in(text[100:150].encode())
    assert not secrets.found_in(text[:20].encode())


def test_the_name_of_a_member_is_no_secret_unless_it_holds_one() -> None:
    secrets = learnt()
    secrets.learn({"status": "ok", "фамилии": {"дом": ["ул. Мира, 5"]}})

    assert masked("data.фамилии".encode(), secrets) == ("data.фамилии".encode(), 0)
    assert masked(f"data.{TOKEN}.{ROW['category']}".encode(), secrets) == (b"data.$IFIND_TOKEN.(value)", 2)
    assert secrets.found_in("ул. Мира, 5".encode())


def test_a_large_report_is_searched_for_thousands_of_values_within_two_seconds() -> None:
    rows = [{"title": f"Тахта {n * 7919}", "url": f"https://avito.ru/moskva/{n * 104729}"} for n in range(1000)]
    secrets = learnt(data=rows)
    line = (
        '<td class="holds">Диваны &lt;br&gt; call 17 \\"created\\" at 2030-01-02, https://avito.ru/moskva/ 12345</td>\n'
    )
    report = (line * (5_000_000 // len(line.encode()))).encode()
    started = time.process_time()
    found = secrets.found_in(report)
    seconds = time.process_time() - started

    assert found is None
    assert seconds < 2 * SLACK
    assert secrets.found_in(report + base64.b64encode(rows[999]["url"].encode())) == VALUE


SLACK = 2
"""Two runs of tests share a machine's cores."""


@pytest.mark.parametrize("size", [6, 7, 8, 9, 23])
def test_each_of_many_values_is_found_at_any_place(size: int) -> None:
    values = {f"{n * 104729:x}".ljust(5, "k")[-5:] + "q" * (size - 5) for n in range(1, 300)}
    secrets = Secrets(values=values)
    missed = [v for v in values for before in range(5) if not secrets.found_in(b"#" * before + v.encode() + b"##")]

    assert missed == []
    assert secrets.found_in(b"#" * 50) is None


# What masking leaves of a file.


@st.composite
def secrets_in(draw: st.DrawFn, content: bytes) -> Secrets:
    """Secrets of which some are parts of the content, be they texts in it or its structure."""
    text = content.decode()
    places = draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(6, 30)), max_size=8))
    return Secrets(dict(ALL), {*draw(st.lists(TEXTS, max_size=2)), *(text[at : at + size] for at, size in places)})


LAW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def bones(root: etree._Element) -> list[Any]:
    return [(element.tag, sorted(map(str, element.attrib))) for element in root.iter()]


@given(reports(), st.data())
@LAW
def test_masked_json_has_the_same_members(report: Report, data: st.DataObject) -> None:
    before = RENDERERS["json"].render(report)
    after, _ = masked(before, data.draw(secrets_in(before)))

    assert shape(json.loads(after)) == shape(json.loads(before))
    assert after.isascii()


def shape(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: shape(value) for name, value in node.items()}
    return [shape(entry) for entry in node] if isinstance(node, list) else type(node)


@given(reports(), st.data())
@LAW
def test_masked_xml_has_the_same_elements(report: Report, data: st.DataObject) -> None:
    parser = etree.XMLParser(huge_tree=True)
    before = RENDERERS["junit"].render(report)
    after, _ = masked(before, data.draw(secrets_in(before)))

    assert bones(etree.fromstring(after, parser)) == bones(etree.fromstring(before, parser))


@given(reports(), st.data())
@LAW
def test_a_masked_page_has_the_same_elements_scripts_and_policy(report: Report, data: st.DataObject) -> None:
    before = RENDERERS["html"].render(report)
    after, _ = masked(before, data.draw(secrets_in(before)))
    was, is_now = (html.document_fromstring(content.decode()) for content in (before, after))

    assert bones(is_now) == bones(was)
    for place in ("//script/text()", "//style/text()", "//meta/@content"):
        assert is_now.xpath(place) == was.xpath(place)


@given(TEXTS, TEXTS, st.data())
@LAW
def test_a_masked_profile_has_the_same_tables(target: str, text: str, data: st.DataObject) -> None:
    clauses = all_clauses()
    choices = {"rate.limit": text, "error.codes": {"missing": 1, "invalid": 2}}
    learned = LearnedProfile(
        replace(SAMPLE, target=target),
        choices=tuple(LearnedChoice(clauses[name], choice, 1, 2, text) for name, choice in choices.items()),
        uncovered=(Uncovered("xml.root", text, target, text),),
        unseen=(),
        broken=(),
    )
    before = profile_file(learned)
    after, _ = masked(before, data.draw(secrets_in(before)))

    assert shape(tomllib.loads(after.decode())) == shape(tomllib.loads(before.decode()))


@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("secret", [*ALL, ROW["title"], ROW["url"]])
def test_a_secret_in_any_report_is_masked_and_counted(name: str, spelled: str, secret: str) -> None:
    content = RENDERERS[name].render(_with(SPELLED[spelled](secret)))
    after, places = masked(content, learnt())

    assert places >= 2
    assert masked(after, learnt()) == (after, 0)
    assert (ALL.get(secret) or VALUE).replace("$", "") in after.decode()


def _with(text: str) -> Report:
    return replace(SAMPLE, errors=(f"<<{text}>>",), stopped=f"<<{text}>>")


@given(st.binary(max_size=200))
def test_bytes_without_a_secret_are_left_as_they_are(content: bytes) -> None:
    assert masked(content, learnt()) == (content, 0)


@pytest.mark.parametrize("content", ['{ "\\x7f3a9c5be1d2408e"', '{"a": 7f3a9c5be1d2408e', "<7f3a9c5be1d2408e"])
def test_a_file_that_is_not_well_formed_is_no_error(content: str) -> None:
    masked(content.encode(), learnt())


# Files.


def test_a_file_is_written_whole_with_the_usual_rights(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    before = os.umask(0o027)
    try:
        write(path, b"first", Secrets())
        write(path, b"second", Secrets())
    finally:
        os.umask(before)

    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [f.name for f in tmp_path.iterdir()] == ["report.html"]


def test_a_file_that_holds_secrets_is_written_with_them_masked(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    places = write(path, json.dumps({"a": f"t={TOKEN}", "b": [LOGIN, "c"]}).encode(), learnt())

    assert json.loads(path.read_bytes()) == {"a": "t=$IFIND_TOKEN", "b": ["$IFIND_LOGIN", "c"]}
    assert places == 2


def test_the_notice_says_how_many_places_were_masked() -> None:
    assert notice("r.html", 2) == "r.html: 2 places that held a credential or a value were masked"
    assert notice("r.html", 1) == "r.html: 1 place that held a credential or a value was masked"


def test_a_link_is_followed_and_a_device_is_not_replaced(tmp_path: Path) -> None:
    real = tmp_path / "real.txt"
    real.write_bytes(b"before")
    (tmp_path / "link.txt").symlink_to(real)
    write(tmp_path / "link.txt", b"after", Secrets())
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(fifo, b"text", Secrets())
        received = os.read(reading, 100)
    finally:
        os.close(reading)

    assert (real.read_bytes(), (tmp_path / "link.txt").is_symlink()) == (b"after", True)
    assert received == b"text"


def test_a_pipe_that_nobody_reads_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    written = try_to_write(tmp_path / "pipe", "--json", b"text", Secrets())

    assert not written.whole
    assert written.notices == (f"--json: {tmp_path / 'pipe'}: can't be written: nobody reads this pipe",)


def test_a_file_of_several_writers_keeps_all_where_there_is_no_room_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(before := b"first\nmine\nothers\n")

    write_some = os.write

    def until_full(descriptor: int, content: bytes) -> int:
        room = len(before) + 5 - os.lseek(descriptor, 0, os.SEEK_CUR)
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_some(descriptor, content[:room])

    monkeypatch.setattr(os, "write", until_full)
    written = try_to_append(path, "--summary", b"mine, and longer\n", Secrets(), instead_of=b"mine\n")

    assert not written.whole
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"m\n", b"mine, and much longer than others\n"])
def test_what_others_have_added_stays_around_what_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"first\nmine\nothers\n")

    assert try_to_append(path, "--summary", content, Secrets(), instead_of=b"mine\n").whole
    assert path.read_bytes() == b"first\n" + content + b"others\n"


def test_of_a_large_file_of_several_writers_the_end_alone_is_read(tmp_path: Path) -> None:
    path, size = tmp_path / "summary.md", 64 * 2**20
    with path.open("wb") as file:
        file.truncate(size)  # takes no room on the disk
    tracemalloc.start()
    try:
        assert try_to_append(path, "--summary", b"mine", Secrets(), instead_of=b"").whole
        assert try_to_append(path, "--summary", b"mine, too", Secrets(), instead_of=b"mine").whole
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < size / 2
    with path.open("rb") as file:
        file.seek(size)
        assert file.read() == b"\nmine, too"


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write(tmp_path / "no" / "report.html", b"x", Secrets())

    assert list(tmp_path.iterdir()) == []
