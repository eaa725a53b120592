"""The list of data products is refused where it is not right."""

from pathlib import Path

import pytest

from data_quality.contracts import load_mart_columns
from data_quality.products import ProductsError, load_products, marts_by_reader, upstream_of
from data_quality.suites.catalogue import SUITES

ENTRY = "{name}: {{title: T, owner: O, marts: [{marts}], computed_from: [{parents}]}}\n"


def write(path: Path, *entries: tuple[str, str, str]) -> Path:
    text = "".join(
        ENTRY.format(name=name, marts=marts, parents=parents) for name, marts, parents in entries
    )
    file = path / "products.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_products_come_after_what_they_are_computed_from() -> None:
    products = load_products()
    names = list(products)

    for product in products.values():
        for parent in product.computed_from:
            assert names.index(parent) < names.index(product.name)
    assert upstream_of("portfolio", products) == ("customers", "identity")


def test_every_mart_is_in_a_product() -> None:
    grouped = {mart for product in load_products().values() for mart in product.marts}

    assert grouped == set(load_mart_columns())


def test_every_product_has_a_suite() -> None:
    assert set(load_products()) <= set(SUITES)


def test_every_mart_of_a_product_is_judged_or_at_least_fingerprinted() -> None:
    for product in load_products().values():
        judged = {rule.table.partition(".")[2] for rule in SUITES[product.name]()}
        assert judged == set(product.marts)


def test_upstream_is_followed_through(tmp_path: Path) -> None:
    file = write(tmp_path, ("c", "m3", "b"), ("b", "m2", "a"), ("a", "m1", ""))

    products = load_products(file)

    assert list(products) == ["a", "b", "c"]
    assert upstream_of("c", products) == ("b", "a")


def test_unknown_dependency_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, ("a", "m1", "ghost"))

    with pytest.raises(ProductsError, match="computed from ghost, which is not a product"):
        load_products(file)


def test_circle_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, ("a", "m1", "b"), ("b", "m2", "a"))

    with pytest.raises(ProductsError, match="in a circle: a, b"):
        load_products(file)


def test_mart_in_two_products_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, ("a", "m1", ""), ("b", "m1", ""))

    with pytest.raises(ProductsError, match="mart m1 is in two products, a and b"):
        load_products(file)


def test_product_without_marts_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, ("a", "", ""))

    with pytest.raises(ProductsError, match="product a has no marts"):
        load_products(file)


def test_name_of_the_source_gate_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, ("source", "m1", ""))

    with pytest.raises(ProductsError, match="kept for the source gate"):
        load_products(file)


@pytest.mark.parametrize("text", ["", "[]", "a: {title: T}\n", "a: text\n"])
def test_malformed_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "products.yml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ProductsError, match=r"products\.yml"):
        load_products(file)


def test_readers_of_single_products_are_told_their_marts(tmp_path: Path) -> None:
    file = write(tmp_path, ("a", "one, two", ""), ("b", "three", "a"), ("c", "four", ""))
    text = file.read_text(encoding="utf-8")
    text = text.replace("computed_from: []", "computed_from: [], readers: [desk, board]", 1)
    file.write_text(text.replace("[a]}", "[a], readers: [board]}"), encoding="utf-8")

    products = load_products(file)

    assert [product.readers for product in products.values()] == [("desk", "board"), (), ("board",)]
    assert marts_by_reader(products) == {"desk": ("one", "two"), "board": ("one", "two", "three")}
    # Nobody is named unless a company names somebody.
    assert marts_by_reader(load_products()) == {}


@pytest.mark.parametrize("readers", ["desk", "[1]", "[desk, desk]", "['']", "{desk: all}"])
def test_readers_that_are_no_list_of_roles_are_refused(tmp_path: Path, readers: str) -> None:
    file = write(tmp_path, ("a", "one", ""))
    text = file.read_text(encoding="utf-8").replace("[]}", f"[], readers: {readers}}}")
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ProductsError, match="the readers of product a must be a list of roles"):
        load_products(file)
