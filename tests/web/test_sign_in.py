"""The form of the sign-in page: what it may send, and how long it may take."""

from pathlib import Path

import gevent
import pytest
from werkzeug.test import Client

from dashboard.web import sign_in
from tests.support.bare_app import READ_TOKEN, bare_app


class Slow:
    """A body of which nothing comes."""

    def read(self, size: int = -1) -> bytes:
        gevent.sleep(30)
        return b""


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(bare_app(tmp_path))


def test_a_form_that_does_not_come_is_given_up_soon(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_in._SECONDS == 5
    monkeypatch.setattr(sign_in, "_SECONDS", 0.05)
    answer = client.post(
        "/sign-in", environ_overrides={"wsgi.input": Slow(), "CONTENT_LENGTH": "50"}
    )
    assert answer.status_code == 408
    assert answer.json is not None
    assert answer.json["detail"] == "the body took longer than 0.05 s"


@pytest.mark.parametrize(
    "page",
    ["/host/gr%C3%B6%C3%9Fe-1?window=1h", "/embed/queue.a%3Fb%25c%20d", "/?panels=q.a%252Cb"],
)
def test_the_token_leads_to_the_page_that_was_asked_for(client: Client, page: str) -> None:
    form = client.get(page, headers={"Accept": "text/html"}).headers["Location"]
    assert client.post(form, data={"token": READ_TOKEN}).headers["Location"] == page


@pytest.mark.parametrize(("size", "status"), [(4096, 303), (4097, 413)])
def test_a_form_has_four_kilobytes_at_most(client: Client, size: int, status: int) -> None:
    form = f"token={READ_TOKEN}&other=".ljust(size, "x")
    assert client.post("/sign-in", data=form).status_code == status
