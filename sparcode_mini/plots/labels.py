"""What the file of a picture says of itself: title, description, licence.

The licence stands here alone; whoever changes it changes every file that is written later.
"""

import re
import zlib
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from sparcode_mini.tools.unicode import marked


class Licence(NamedTuple):
    """What one may do with the pictures.

    Attributes:
        text: one paragraph: who made them, under which terms, and whose data they show.
        url: of the terms.
    """

    text: str
    url: str


MOVIELENS = (
    "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. "
    "ACM Transactions on Interactive Intelligent Systems 5, 4, Article 19."
)
LICENCE = Licence(
    "© 2026 SparCode Mini contributors, CC BY 4.0. Films and ratings that it shows are of "
    f"MovieLens-100K: {MOVIELENS}",
    "https://creativecommons.org/licenses/by/4.0/",
)
HEADER = 8 + 25  # bytes of a PNG file before its second chunk: signature and size of the image


def label_svg(svg: bytes, title: str, alt: str) -> bytes:
    """Return an SVG file with its title, its description, and the licence as RDF (cc:license).

    Args:
        svg: a file without these.
        title: a few words.
        alt: what the picture shows.

    Raises:
        ValueError: `svg` is no SVG.
    """
    text = svg.decode("utf-8")
    start = re.search(r"<svg\b[^>]*", text)
    if start is None:
        raise ValueError(f"no SVG: it begins with {text[:40]!r}")
    at = start.end()
    return f'{text[:at]} role="img">\n{_words(marked(title), marked(alt))}{text[at + 1 :]}'.encode()


def _words(title: str, alt: str) -> str:
    return f""" <title>{escape(title)}</title>
 <desc>{escape(alt)}</desc>
 <metadata>
  <rdf:RDF xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:cc="http://creativecommons.org/ns#"
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
   <cc:Work rdf:about="">
    <dc:title>{escape(title)}</dc:title>
    <dc:description>{escape(alt)}</dc:description>
    <dc:rights>{escape(LICENCE.text)}</dc:rights>
    <cc:license rdf:resource={quoteattr(LICENCE.url)}/>
   </cc:Work>
  </rdf:RDF>
 </metadata>"""


def label_png(png: bytes, title: str, alt: str) -> bytes:
    """Return a PNG file with title, description and licence as chunks of text; pixels stay.

    Args:
        png: a file without these.
        title: a few words.
        alt: what the picture shows.

    Raises:
        ValueError: `png` is no PNG.
    """
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"no PNG: it begins with {png[:8]!r}")
    texts = {
        "Title": title,
        "Description": alt,
        "Copyright": f"{LICENCE.text} {LICENCE.url}",
    }
    chunks = b"".join(_chunk(name, marked(text)) for name, text in texts.items())
    return png[:HEADER] + chunks + png[HEADER:]


def _chunk(keyword: str, text: str) -> bytes:
    """Return a chunk iTXt, which holds UTF-8: not compressed, its language not named."""
    body = b"iTXt" + keyword.encode("latin-1") + bytes(5) + text.encode("utf-8")
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
