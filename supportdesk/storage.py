"""How static files are kept: squeezed, hashed, compressed, the imports between our own modules rewritten to match."""

import re
from typing import Any

from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = ("supportdesk", "conversations", "handoff", "analytics")

#: A statement at the beginning of a line, to its semicolon. (Django's own pattern begins anywhere, and takes a comment
#: in which somebody says "import" for the beginning of the next statement.)
IMPORT = (
    r"""(?m)(?P<matched>^(?P<names>(?:import|export)[\s{][^;"']*?from)\s*["'](?P<url>[./][^"']*)["'];)""",
    '%(names)s "%(url)s";',
)

#: What only readers of the source need: lines that are a comment, comments of a stylesheet, indentation.
NEEDLESS = {
    ".js": re.compile(rb"^[ \t]*//.*\n|^[ \t]+", re.MULTILINE),
    ".css": re.compile(rb"/\*.*?\*/|^\s+", re.MULTILINE | re.DOTALL),
}


class HashedModules(CompressedManifestStaticFilesStorage):
    """`import … from "./thread.js";` in a module of ours becomes the hashed name, so a page never mixes two releases.

    Only in ours: the pattern is a regular expression, and in other people's minified bundles it would find what is no
    import.
    """

    max_post_process_passes = 20  # one for each step of the longest chain of imports, where Django allows five

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        inherited: tuple[Any, ...] = CompressedManifestStaticFilesStorage.patterns
        self.patterns = (*inherited, *((f"{app}/*.js", (IMPORT,)) for app in OURS))
        super().__init__(*args, **kwargs)

    def _save(self, name: str, content: "File[bytes]") -> str:
        needless = NEEDLESS.get("." + name.rpartition(".")[2]) if name.startswith(OURS) else None
        if needless:
            content = ContentFile(needless.sub(b"", b"".join(content.chunks())))  # from its beginning, whoever read it
        saved: str = super()._save(name, content)
        return saved
