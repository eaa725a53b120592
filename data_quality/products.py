"""The data products: which marts are read together, and what they are computed from.

Belongs here: reading and checking `products.yml`. Not here: the rules (`suites/`) and the gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PRODUCTS_FILE = Path(__file__).with_name("products.yml")
SCHEMA = "scorecard"
FIELDS = frozenset({"title", "owner", "marts", "computed_from"})
# May be left out: then the product has no readers of its own.
READERS = "readers"

# The name under which the source gate files its evidence. Every product is computed from it.
SOURCE = "source"


class ProductsError(Exception):
    """The list of data products is not right; the message says where."""


@dataclass(frozen=True)
class Product:
    """A group of marts that are judged and released together.

    Attributes:
        name: Its name, e.g. `scorecard`.
        title: What it is, for people.
        owner: The role that answers for it.
        marts: Names of its tables in the schema `scorecard`.
        computed_from: Names of the products it is computed from.
        readers: Roles of a database that may read its marts, beside those who may read all.
    """

    name: str
    title: str
    owner: str
    marts: tuple[str, ...]
    computed_from: tuple[str, ...]
    readers: tuple[str, ...] = ()


def load_products(path: Path = PRODUCTS_FILE) -> dict[str, Product]:
    """Read the data products, in an order in which each comes after those it is computed from.

    Args:
        path: The YAML file: name to title, owner, marts and computed_from, and
            perhaps readers.

    Raises:
        ProductsError: A field is missing or unknown, readers are no list of roles, a mart is in two
            products, a dependency is unknown, or the dependencies run in a circle.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not content:
        raise ProductsError(f"{path.name}: expected a list of products by name, found {content!r}.")
    products = {name: _product(path, name, entry) for name, entry in content.items()}
    _refuse_shared_marts(path, products)
    _refuse_unknown_dependencies(path, products)
    return _in_order(path, products)


def upstream_of(name: str, products: Mapping[str, Product]) -> tuple[str, ...]:
    """Name every product that this one is computed from, directly or not, nearest first."""
    found: list[str] = []
    waiting = list(products[name].computed_from)
    while waiting:
        parent = waiting.pop(0)
        if parent not in found:
            found.append(parent)
            waiting.extend(products[parent].computed_from)
    return tuple(found)


def marts_by_reader(products: Mapping[str, Product]) -> dict[str, tuple[str, ...]]:
    """The marts that each reader of single products may read, by the name of the role."""
    found: dict[str, tuple[str, ...]] = {}
    for product in products.values():
        for role in product.readers:
            found[role] = (*found.get(role, ()), *product.marts)
    return found


def _product(path: Path, name: str, entry: Any) -> Product:
    if name == SOURCE:
        raise ProductsError(f"{path.name}: the name {SOURCE!r} is kept for the source gate.")
    if not isinstance(entry, dict) or set(entry) - {READERS} != FIELDS:
        found = sorted(entry) if isinstance(entry, dict) else entry
        raise ProductsError(
            f"{path.name}: product {name} needs exactly {', '.join(sorted(FIELDS))}, and may have "
            f"{READERS}; found {found}."
        )
    if not entry["marts"]:
        raise ProductsError(f"{path.name}: product {name} has no marts.")
    readers = entry.get(READERS, [])
    if (
        not isinstance(readers, list)
        or not all(isinstance(role, str) and role.strip() for role in readers)
        or len(set(readers)) != len(readers)
    ):
        raise ProductsError(
            f"{path.name}: the {READERS} of product {name} must be a list of roles, each once; "
            f"found {readers!r}."
        )
    return Product(
        name=name,
        title=entry["title"],
        owner=entry["owner"],
        marts=tuple(entry["marts"]),
        computed_from=tuple(entry["computed_from"]),
        readers=tuple(readers),
    )


def _refuse_shared_marts(path: Path, products: Mapping[str, Product]) -> None:
    owners: dict[str, str] = {}
    for product in products.values():
        for mart in product.marts:
            if mart in owners:
                raise ProductsError(
                    f"{path.name}: mart {mart} is in two products, {owners[mart]} and "
                    f"{product.name}. A mart belongs to exactly one."
                )
            owners[mart] = product.name


def _refuse_unknown_dependencies(path: Path, products: Mapping[str, Product]) -> None:
    for product in products.values():
        unknown = [name for name in product.computed_from if name not in products]
        if unknown:
            raise ProductsError(
                f"{path.name}: product {product.name} is computed from {', '.join(unknown)}, "
                f"which is not a product. Known: {', '.join(products)}."
            )


def _in_order(path: Path, products: Mapping[str, Product]) -> dict[str, Product]:
    ordered: dict[str, Product] = {}
    waiting = dict(products)
    while waiting:
        ready = [p for p in waiting.values() if all(name in ordered for name in p.computed_from)]
        if not ready:
            raise ProductsError(
                f"{path.name}: these products are computed from each other in a circle: "
                f"{', '.join(waiting)}. Remove one computed_from."
            )
        for product in ready:
            ordered[product.name] = waiting.pop(product.name)
    return ordered
