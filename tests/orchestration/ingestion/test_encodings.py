"""Text in another encoding gives the same rows; text in the wrong one is refused by its line."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.ingestion import files
from orchestration.ingestion.contract import ENCODINGS
from orchestration.ingestion.files import FileFacts, RefusedFileError, in_utf8

FACTS = FileFacts("", 0, 0, 0)
HEADER = "product_id,price,dumped_at\n"


def _in_utf8(folder: Path, content: bytes, encoding: str) -> tuple[bytes, int]:
    path = folder / "text.csv"
    path.write_bytes(content)
    with in_utf8(path, None, encoding, FACTS, folder) as (copy, facts):
        return copy.read_bytes(), facts.line_count


def _characters(codec: str) -> Iterator[str]:
    """Every character of an encoding but controls; of the planes beyond the first, one in 31."""
    for code in (*range(0x20, 0x7F), *range(0xA0, 0xD800), *range(0xE000, 0x110000, 31)):
        # Some codecs write two characters with the same bytes: a yen sign, a backslash.
        if chr(code).encode(codec, "ignore").decode(codec, "ignore") == chr(code):
            yield chr(code)


@pytest.mark.parametrize("encoding", sorted(set(ENCODINGS) - {"utf-8"}))
def test_every_character_of_every_encoding_is_read(tmp_path, encoding):
    codec = ENCODINGS[encoding]
    text = "".join(f"{character}\n" for character in _characters(codec))
    assert text.count("\n") > 100
    found, lines = _in_utf8(tmp_path, text.encode(codec), encoding)
    assert found.decode() == text
    assert lines == text.count("\n")


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("encoding", ["gb18030", "shift_jis", "utf-16", "big5"])
def test_a_character_may_lie_across_two_pieces(tmp_path, monkeypatch, encoding, size):
    monkeypatch.setattr(files, "CHUNK_BYTES", size)
    text = "顧客,好\n" * 20
    assert _in_utf8(tmp_path, text.encode(encoding), encoding) == (text.encode(), 20)


WRONG = {
    "a byte that begins nothing": ("gb18030", "好\n好\n".encode("gb18030") + b"a\xff\n", 3, 8),
    "cut short in a character": ("gb18030", "好\n好\n好".encode("gb18030")[:-1], 3, 7),
    "a character that is not in it": ("gb2312", "好\n㐂\n".encode("gb18030"), 2, 4),
    "Windows' euro as ISO 8859": ("iso-8859-1", b"a\nb\n5 \x80\n", 3, 7),
    "Windows' quotes as latin-1": ("latin-1", b"\x93a\x94\n", 1, 1),
    "half a character of UTF-16": ("utf-16", "a\nbc".encode("utf-16")[:-1], 2, 9),
}


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize("case", WRONG)
def test_the_first_line_that_is_not_in_it_is_named(tmp_path, monkeypatch, case, size):
    monkeypatch.setattr(files, "CHUNK_BYTES", size)
    encoding, content, line, byte = WRONG[case]
    with pytest.raises(RefusedFileError) as caught:
        _in_utf8(tmp_path, content, encoding)
    assert str(caught.value).startswith(f"line {line} (near byte {byte}) is not {encoding}, ")
    assert "source.yml" in str(caught.value)
    assert list(tmp_path.glob("transcoded-*")) == []


CHINESE = {
    "gb18030": "客户😀𠮷",
    "gbk": "客户",
    "big5": "客戶",
    "shift_jis": "顧客",
    "windows-1252": "5 €",
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("encoding", CHINESE)
def test_rows_in_other_encodings_are_stored_with_their_lines(shop, encoding, compressed):
    word = CHINESE[encoding]
    ground = shop(csv={"encoding": encoding})
    text = f'{HEADER}{word},1,2011-01-01\n"{word}\n2",2,2011-01-01\n{word}3,x,2011-01-01\n'
    content = text.encode(ENCODINGS[encoding])
    name = "shop/prices.csv.gz" if compressed else "shop/prices.csv"
    ground.write(name, gzip.compress(content) if compressed else content)

    result = ground.result()

    assert (result.rows_accepted, result.rows_quarantined) == (2, 1)
    assert ground.rows("select product_id, _line from raw.shop__prices order by _line") == [
        (word, 2),
        (f"{word}\n2", 3),
    ]
    assert ground.rows("select line, raw_text from quarantine.refused_rows") == [
        (5, f"{word}3,x,2011-01-01")
    ]
    assert list(ground.settings.temporary.glob("*")) == []


def test_a_file_in_another_encoding_than_declared_is_refused(shop):
    ground = shop(csv={"encoding": "gb18030"})
    ground.write("shop/prices.csv", f"{HEADER}Café,1,2011-01-01\n".encode("latin-1"))
    result = ground.result()
    assert result.status == "refused"
    assert "line 2 (near byte 31) is not gb18030, the encoding that is declared" in result.message


def test_a_copy_that_a_killed_process_left_is_removed(shop):
    ground = shop(csv={"encoding": "gb18030"})
    ground.write("shop/prices.csv", HEADER)
    ground.ingest()
    left = ground.settings.temporary / "transcoded-abc.csv"
    left.write_text("a name", encoding="utf-8")
    ground.ingest()
    assert not left.exists()
