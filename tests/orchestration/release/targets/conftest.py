"""Releases to publish, and places to publish them to."""

import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.release.store import Release
from tests.orchestration.release.conftest import build_plainly, new_home

BUCKET = "bucket"


@pytest.fixture(scope="session")
def three_releases(
    tmp_path_factory: pytest.TempPathFactory,
    synthetic_warehouse: Path,
    fewer_products: Path,
    publish: Callable[..., Release],
    change_marts: Callable[..., None],
) -> tuple[Release, Release, Release]:
    """Releases of one home: in the second every customer is of tier D, in the third a column of
    `customers` is gone. Only to be read."""
    home = new_home(tmp_path_factory.mktemp("releases"), synthetic_warehouse)
    with pytest.MonkeyPatch.context() as patch:
        build_plainly(patch, fewer_products)
        first = publish(home, "run1")
        change_marts(home, "update scorecard.customer_scorecard set tier = 'D'")
        second = publish(home, "run2")
        change_marts(home, "alter table scorecard.customers drop column country")
        return first, second, publish(home, "run3")


@pytest.fixture(scope="session")
def two_releases(three_releases: tuple[Release, Release, Release]) -> tuple[Release, Release]:
    """The first two of them."""
    return three_releases[:2]


@pytest.fixture(scope="session")
def store_endpoint() -> Iterator[str]:
    """An S3-compatible store on loopback, with one bucket; host and port."""
    monkeypatch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(os.environ, "no_proxy", "127.0.0.1")
    from moto.server import ThreadedMotoServer  # 1 s to import

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"{host}:{port}"
    request = urllib.request.Request(f"http://{endpoint}/{BUCKET}", method="PUT")
    with urllib.request.urlopen(request):  # noqa: S310  the fixture's own address
        pass
    yield endpoint
    server.stop()
    monkeypatch.undo()


@pytest.fixture
def store_uri(store_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an empty folder of the store."""
    folder = tmp_path_factory.mktemp("store").name
    options = f"endpoint_override={store_endpoint}&scheme=http&region=us-east-1"
    return f"s3://{BUCKET}/{folder}?{options}"
