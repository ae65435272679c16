"""The registry's side of files: in the store of this process."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.registry import folders, listing, templates
from workbench.registry.files.form import FileTemplate
from workbench.registry.files.sync import Remote
from workbench.registry.publishing import Draft, publish
from workbench.store.registry_listing import Query
from workbench.store.store import Store

_PAGE = 200


class StoreRegistry:
    """A registry that `sync` works on. `actor` is who its changes are recorded for."""

    def __init__(self, store: Store, actor: str) -> None:
        self._store = store
        self._actor = actor

    def everything(self) -> Mapping[str, Remote]:
        """The newest version of every template, by name."""
        connection = self._store.connection
        paths = folders.paths(connection)
        found: dict[str, Remote] = {}
        query = Query(sort_by="id", descending=False)
        while True:
            page, total = listing.whole(connection, query, limit=_PAGE, offset=len(found))
            for template, version in page:
                found[template.name] = Remote(
                    version.number,
                    FileTemplate(
                        name=template.name,
                        prompt=version.prompt,
                        metadata=version.metadata,
                        tags=template.tags,
                        folder=paths.get(template.folder_id, ()),
                        message=version.info.message,
                        provider_base_url=version.provider_base_url,
                    ),
                )
            if not page or len(found) >= total:
                return found

    def publish(self, template: FileTemplate, after: int | None) -> int:
        """Save a version and give its number; folders that are missing are made."""
        folder_id = folders.ensure(self._store, self._actor, template.folder)
        made = publish(
            self._store,
            self._actor,
            Draft(
                name=template.name,
                prompt=template.prompt,
                metadata=template.metadata,
                message=template.message,
                tags=template.tags,
                folder_id=folder_id,
                provider_base_url=template.provider_base_url,
                after=after,
            ),
        )
        return made.version.number

    def delete(self, name: str) -> None:
        templates.delete(self._store, self._actor, name)
