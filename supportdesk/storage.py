"""How static files are named: hashed, compressed, and with the imports between our own modules rewritten to match."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = ("supportdesk", "conversations", "handoff", "analytics")

#: A statement at the beginning of a line, to its semicolon. (Django's own pattern begins anywhere, and takes a comment
#: in which somebody says "import" for the beginning of the next statement.)
IMPORT = (
    r"""(?m)(?P<matched>^(?P<names>(?:import|export)[\s{][^;"']*?from)\s*["'](?P<url>[./][^"']*)["'];)""",
    '%(names)s "%(url)s";',
)


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
