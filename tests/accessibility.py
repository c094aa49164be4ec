"""What axe-core says of a page in a browser."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe


def serious_faults(page: Any, within: Any = None) -> list[str]:
    """What axe-core calls serious or critical on a page, or within a part of it."""
    rules = {"resultTypes": ["violations"], "preload": False}  # preloading would make requests
    found = Axe().run(page, within, options=rules).response
    assert found["testEngine"]["name"] == "axe-core"
    return [
        f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
