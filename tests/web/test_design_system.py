"""The design system: one style sheet without dead rules, and two palettes that everybody can read."""

import re
from pathlib import Path

import pytest

import idp

WEB = Path(idp.__file__).parent / "web"
STYLE = (WEB / "static/sekisho.css").read_text("utf-8")


def test_every_style_is_used_and_every_class_is_styled():
    pages = "".join(path.read_text("utf-8") for path in (WEB / "templates").rglob("*.html"))
    used = {name for value in re.findall(r'class="([^"]+)"', pages) for name in value.split()}
    assert set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", STYLE))) == used


def test_every_palette_value_is_used_and_defined():
    assert set(re.findall(r"var\((--[\w-]+)\)", STYLE)) == set(re.findall(r"^\s*(--[\w-]+):", STYLE, re.MULTILINE))


def palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))
        for name, text in (("light", light), ("dark", dark))
    }
    assert colours["light"].keys() == colours["dark"].keys()
    return colours


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


TEXT = [
    *((ink, ground) for ink in ("ink", "quiet", "act", "act-strong") for ground in ("paper", "surface")),
    *(("ink", tint) for tint in ("act-tint", "end-tint")),
    ("on-act", "act"),
    ("on-act", "act-strong"),
    ("on-fine", "fine"),
    ("act", "act-tint"),
    ("wait", "wait-tint"),
    ("fine", "fine-tint"),
]
EDGES = [
    *((edge, ground) for edge in ("edge", "end", "act", "quiet") for ground in ("paper", "surface")),
    ("surface", "quiet"),
]


@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize(
    ("one", "other", "least"), [(*pair, 4.5) for pair in TEXT] + [(*pair, 3.0) for pair in EDGES], ids=str
)
def test_contrast(palette, one, other, least):
    """WCAG 2.2: 1.4.3 text 4.5:1, 1.4.11 edges of controls and focus ring 3:1."""
    colours = palettes()[palette]
    assert contrast(colours[one], colours[other]) >= least
