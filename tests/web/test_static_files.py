"""The page's files: kept for good below the build's own address, checked each time elsewhere."""

import re

from tests.support.service import ROOT, Service

FOR_GOOD = "max-age=31536000, immutable"


def build_of(service: Service) -> str:
    return str(service.get("/embed").json()["build"])


def test_a_page_asks_for_its_files_below_the_build(service: Service) -> None:
    build = build_of(service)
    for page in ("/", "/embed/cpu", "/screens", "/sign-in"):
        text = service.get(page, headers={"Accept": "text/html"}).text
        files = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
        assert files
        for file in files:
            assert file.startswith(f"/static/{build}/")
            assert service.get(file).headers["Cache-Control"] == FOR_GOOD


def test_without_the_build_a_file_is_asked_for_again_only_if_it_changed(service: Service) -> None:
    first = service.get("/static/embed.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = service.get("/static/embed.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert first.text == service.get(f"/static/{build_of(service)}/embed.js").text


def test_another_build_s_address_is_answered_but_not_kept(service: Service) -> None:
    answer = service.get("/static/0123456789ab/js/pages/wall.js")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_what_is_not_there_is_not_kept(service: Service) -> None:
    for path in ("none.js", "../../app.py", "%2e%2e/%2e%2e/app.py"):
        answer = service.get(f"/static/{build_of(service)}/{path}")
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_no_folder_could_be_taken_for_a_build() -> None:
    static = ROOT / "static"
    folders = [path.name for path in static.iterdir() if path.is_dir()]
    assert folders
    assert not [name for name in folders if re.fullmatch("[0-9a-f]{12}", name)]
