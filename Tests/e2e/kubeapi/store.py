"""The objects of a server, with versions and the history that watches are served from."""

import copy
import datetime
import itertools
import json
import threading
import uuid

PODS = "api/v1/pods"
LEASES = "apis/coordination.k8s.io/v1/leases"


def kind_of(document):
    """The kind's key for a document: `apis/GROUP/VERSION/PLURAL`."""
    version = document["apiVersion"]
    plural = document["kind"].lower() + "s"
    return f"api/{version}/{plural}" if "/" not in version else f"apis/{version}/{plural}"


def matches(labels, selector):
    """Whether labels fit a selector of `key=value`, `key!=value`, `key in (a,b)`, `key` and `!key` requirements."""
    depth, part, parts = 0, "", []
    for character in selector:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += character
    for requirement in filter(None, [*parts, part]):
        if " in (" in requirement or " notin (" in requirement:
            key, operator, values = requirement.split(" ", 2)
            found = labels.get(key) in values.strip("()").split(",")
            if found != (operator == "in"):
                return False
        elif "!=" in requirement:
            key, value = requirement.split("!=")
            if labels.get(key) == value:
                return False
        elif "=" in requirement:
            key, value = requirement.split("=")
            if labels.get(key) != value:
                return False
        elif (requirement.lstrip("!") in labels) == requirement.startswith("!"):
            return False
    return True


class Conflict(Exception):
    """The object was changed by another, or exists already."""


class Store:
    """Objects by kind and (namespace, name). Thread-safe; watchers wait on `changed`."""

    def __init__(self):
        self.changed = threading.Condition()
        self._versions = itertools.count(1000)
        self.version = next(self._versions)
        self.objects = {}
        #: (version, kind, type, document as JSON, document, labels before), oldest first.
        self.history = []
        #: Versions up to this one are no longer in the history: watches from before are answered with 410.
        self.compacted = 0
        #: Kinds that the server knows. Others are answered with 404.
        self.kinds = {PODS, LEASES}

    def install(self, *kinds):
        with self.changed:
            self.kinds.update(kinds)

    def uninstall(self, kind):
        """Removes a kind and its objects, as the deletion of a CRD does."""
        with self.changed:
            for namespace, name in list(self.objects.get(kind, {})):
                self._record(kind, "DELETED", self.objects[kind].pop((namespace, name)))
            self.kinds.discard(kind)
            self.changed.notify_all()

    def get(self, kind, namespace, name):
        with self.changed:
            return copy.deepcopy(self.objects.get(kind, {}).get((namespace, name)))

    def apply(self, document, namespace="default", *, expected_version=None):
        """Creates or replaces an object and returns it as stored."""
        with self.changed:
            return self._apply(document, namespace, expected_version)

    def apply_all(self, documents, namespace="default"):
        with self.changed:
            for document in documents:
                self._apply(document, namespace, None)

    def _apply(self, document, namespace, expected_version):
        kind = kind_of(document)
        self.kinds.add(kind)
        key = (namespace, document["metadata"]["name"])
        old = self.objects.setdefault(kind, {}).get(key)
        if expected_version is not None and (old or {}).get("metadata", {}).get("resourceVersion") != expected_version:
            raise Conflict()
        new = copy.deepcopy(document)
        metadata = new["metadata"]
        metadata["namespace"] = namespace
        metadata["uid"] = old["metadata"]["uid"] if old else str(uuid.uuid4())
        metadata.setdefault(
            "creationTimestamp",
            old["metadata"]["creationTimestamp"]
            if old
            else datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self.objects[kind][key] = new
        self._record(kind, "MODIFIED" if old else "ADDED", new, old)
        self.changed.notify_all()
        return copy.deepcopy(new)

    def create(self, document, namespace):
        with self.changed:
            if (namespace, document["metadata"]["name"]) in self.objects.get(kind_of(document), {}):
                raise Conflict()
            return self._apply(document, namespace, None)

    def delete(self, kind, name, namespace="default"):
        with self.changed:
            document = self.objects[kind].pop((namespace, name))
            self._record(kind, "DELETED", document)
            self.changed.notify_all()

    def touch(self):
        """A change of something that nobody here watches: only the version grows."""
        with self.changed:
            self.version = next(self._versions)
            self.changed.notify_all()

    def compact(self):
        """Forgets the history, as etcd does after some minutes."""
        with self.changed:
            self.version = next(self._versions)
            self.compacted = self.version
            self.history.clear()
            self.changed.notify_all()

    def _record(self, kind, event, document, old=None):
        self.version = next(self._versions)
        document["metadata"]["resourceVersion"] = str(self.version)
        before = None if old is None else old["metadata"].get("labels") or {}
        self.history.append((self.version, kind, event, json.dumps(document), document, before))

    def listing(self, kind, namespace, label_selector, field_selector):
        """The version and the documents of a kind, by name."""
        with self.changed:
            found = [
                document
                for (where, _), document in sorted(self.objects.get(kind, {}).items())
                if where == namespace and self.selects(document, label_selector, field_selector)
            ]
            return self.version, found

    @staticmethod
    def selects(document, label_selector, field_selector):
        metadata = document["metadata"]
        if field_selector and field_selector != f"metadata.name={metadata['name']}":
            return False
        return not label_selector or matches(metadata.get("labels") or {}, label_selector)

    def events(self, kind, namespace, after, label_selector, field_selector):
        """Lines of a watch for what happened after a version, and the version they lead to; None when too old."""
        if after < self.compacted:
            return None
        lines = []
        for version, its_kind, event, text, document, before in self._after(after):
            if its_kind != kind or document["metadata"]["namespace"] != namespace:
                continue
            selected = self.selects(document, label_selector, field_selector)
            # An object that stops to fit a selector is gone for those who watch by it.
            if not selected and before is not None and label_selector and matches(before, label_selector):
                selected, event = True, "DELETED"
            elif selected and before is not None and label_selector and not matches(before, label_selector):
                event = "ADDED"
            if selected:
                lines.append((version, f'{{"type":"{event}","object":{text}}}'))
        return lines, self.version

    def _after(self, version):
        low, high = 0, len(self.history)
        while low < high:
            middle = (low + high) // 2
            if self.history[middle][0] <= version:
                low = middle + 1
            else:
                high = middle
        return self.history[low:]
