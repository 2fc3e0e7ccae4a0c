"""Who somebody is and what they may do: the reviews of the stand-in."""

TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


class Reviews:
    """Answers TokenReviews and SubjectAccessReviews."""

    def __init__(self):
        #: Whether the picker's account may ask; without the ClusterRole it may not.
        self.are_allowed = True
        #: Token: user name and groups.
        self.users = {}
        #: Group: (verb, path) of what its members may do.
        self.rights = {}
        #: Reviews answered, by kind.
        self.asked = []

    def answer(self, document):
        """The document with its status, as the API server returns it."""
        spec = document["spec"]
        self.asked.append(document["kind"])
        if document["kind"] == "TokenReview":
            assert document["apiVersion"] == "authentication.k8s.io/v1"
            name, groups = self.users.get(spec["token"], (None, None))
            status = {"authenticated": False} if name is None else {
                "authenticated": True,
                "user": {"username": name, "uid": f"uid-of-{name}", "groups": groups},
            }
        else:
            assert document["apiVersion"] == "authorization.k8s.io/v1"
            assert spec["uid"] == f"uid-of-{spec['user']}"
            wanted = spec["nonResourceAttributes"]
            allowed = any(
                (wanted["verb"], wanted["path"]) in self.rights.get(group, ()) for group in spec["groups"]
            )
            status = {"allowed": allowed}
        return {**document, "status": status}
