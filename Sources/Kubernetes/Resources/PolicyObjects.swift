import RequestPolicies

/// The pool that an objective or rewrite is for.
package struct PoolReference: Decodable, Sendable, Hashable {
  package var group: String?
  package var kind: String?
  package var name: String

  package init(group: String?, kind: String?, name: String) {
    self.group = group
    self.kind = kind
    self.name = name
  }
}

/// An object that says something about requests to a pool.
package protocol PolicyObject: KubeObject {
  var poolReference: PoolReference { get }
}

/// An InferenceObjective.
package struct ObjectiveObject: PolicyObject, Hashable {
  struct Spec: Decodable, Sendable, Hashable {
    var priority: Int?
    var poolRef: PoolReference
  }

  package var metadata: ObjectMeta
  var spec: Spec

  package var poolReference: PoolReference { spec.poolRef }
  package var objective: InferenceObjective { InferenceObjective(name: metadata.name, priority: spec.priority) }
}

/// An InferenceModelRewrite.
package struct RewriteObject: PolicyObject, Hashable {
  struct Spec: Decodable, Sendable, Hashable {
    struct Rule: Decodable, Sendable, Hashable {
      struct Match: Decodable, Sendable, Hashable {
        struct Model: Decodable, Sendable, Hashable {
          var type: String?
          var value: String
        }

        var model: Model?
      }

      struct Target: Decodable, Sendable, Hashable {
        var weight: Int?
        var modelRewrite: String
      }

      var matches: [Match]?
      var targets: [Target]?
    }

    var poolRef: PoolReference
    var rules: [Rule]?
  }

  package var metadata: ObjectMeta
  var spec: Spec

  package var poolReference: PoolReference { spec.poolRef }

  package var rewrite: InferenceModelRewrite {
    InferenceModelRewrite(
      name: metadata.name, createdAt: metadata.createdAt,
      rules: (spec.rules ?? []).compactMap { rule in
        let targets = (rule.targets ?? []).map {
          InferenceModelRewrite.Target(model: $0.modelRewrite, weight: $0.weight)
        }
        let matches = rule.matches ?? []
        let models = matches.compactMap { match in
          match.model.flatMap { ($0.type ?? "Exact") == "Exact" ? $0.value : nil }
        }
        // A rule whose matches are all of a type that is not known is for no model, not for every one.
        guard !targets.isEmpty, matches.isEmpty || !models.isEmpty else { return nil }
        return InferenceModelRewrite.Rule(models: models, targets: targets)
      })
  }
}
