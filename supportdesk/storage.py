"""How static files are named: hashed, compressed, and with the imports between our own modules rewritten to match."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = ("supportdesk", "conversations", "handoff", "analytics")


class HashedModules(CompressedManifestStaticFilesStorage):
    """`import … from "./thread.js";` in a module of ours becomes the hashed name, so a page never mixes two releases.

    Only in ours: the pattern is a regular expression, and in other people's minified bundles it would find what is no
    import. An import needs its semicolon to be found.
    """

    max_post_process_passes = 20  # one for each step of the longest chain of imports, where Django allows five

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _, imports = self._js_module_import_aggregation_patterns
        inherited: tuple[Any, ...] = CompressedManifestStaticFilesStorage.patterns
        self.patterns = (*inherited, *((f"{app}/*.js", imports) for app in OURS))
        super().__init__(*args, **kwargs)
