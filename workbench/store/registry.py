"""The changes of the prompt registry, as the store offers them to `Store.change`."""

from __future__ import annotations

from workbench.ids import IdMaker
from workbench.store.audit import Audit
from workbench.store.registry_approvals import Approvals
from workbench.store.registry_folders import Folders
from workbench.store.registry_labels import Labels
from workbench.store.registry_sets import BaseUrls, VariableSets
from workbench.store.registry_splits import Splits
from workbench.store.registry_templates import Templates
from workbench.store.registry_versions import Versions


class RegistryChanges:
    """Each attribute holds the changes of one aggregate."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self.templates = Templates(make_id, audit)
        self.versions = Versions(make_id, audit)
        self.labels = Labels(make_id, audit)
        self.splits = Splits(make_id, audit, self.labels)
        self.approvals = Approvals(make_id, audit, self.labels, self.splits)
        self.folders = Folders(make_id, audit)
        self.variable_sets = VariableSets(make_id, audit)
        self.base_urls = BaseUrls(make_id, audit)
