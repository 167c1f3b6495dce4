"""What axe-core finds wrong with a page: the rules of WCAG 2.2 A and AA, and what it calls best practice."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

AXE = Path(__file__).parents[1] / "npm" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")


def visitor(chromium: Browser, language: str, scheme: str, device: dict[str, Any]) -> BrowserContext:
    """A browser that lets axe-core in past the policy that lets in no script but ours."""
    return chromium.new_context(
        **device, bypass_csp=True, color_scheme=scheme, locale={"en": "en-GB", "ja": "ja-JP"}[language]
    )


def violations(page: Page) -> list[str]:
    """Each rule that is broken, with the elements that break it; and whether anything has to be scrolled sideways."""
    page.evaluate(_axe())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    broken = [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]
    if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
        broken.append("wider than the window")
    return broken
