"""The JavaScript of a widget as one module, since a browser can't resolve imports between files.

The files are modules that import each other. Here they are joined in the order given, without their
import lines (one line each). So no two files may use the same name at their top level.
In another language than English the module translates what its widget shows (`words.js`).
"""

import json
from pathlib import Path

from sparcode_mini.tools.language import language, words_of

WORDS = "words.js"
SHOWN = ("page", "panels", "pictures", "more", "predictions")  # files of what widgets show
MADE = "export default { render };"
MARK = "// In the reader's language.\n"
IN_LANGUAGE = """const translate = (() => {{
{helper}
  return translate;
}})();
const inLanguage = (made) => ({{
  ...made,
  render(context) {{
    const stop = translate(context.el, {words});
    const end = made.render(context);
    return () => (stop(), end?.());
  }},
}});
export default inLanguage({{ render }});
"""


def plain(module: str) -> str:
    """Return a module without the words: for a page that translates all that it shows itself."""
    before, mark, _ = module.partition(MARK)
    return before + MADE + "\n" if mark else module


def one_module(folder: Path, *names: str) -> str:
    """Return the files `names` of a folder as one module; the last has the default export.

    Raises:
        ValueError: an import that is left over, because it has more than one line.
    """
    lines = [
        line
        for name in names
        for line in (folder / name).read_text("utf-8").splitlines(keepends=True)
        if not (line.startswith("import ") and line.rstrip().endswith(";"))
    ]
    left = next((line for line in lines if line.startswith("import ")), None)
    if left:
        raise ValueError(f"write this import in one line, so that it can be left out: {left!r}")
    module = "".join(lines)
    if language() == "en" or MADE not in module:
        return module
    words = json.dumps(words_of(language(), *SHOWN), ensure_ascii=False)
    helper = (Path(__file__).parent / WORDS).read_text("utf-8").replace("export ", "")
    return module.replace(MADE, MARK + IN_LANGUAGE.format(helper=helper, words=words))
