/// Which of the two families of EPP a document was written for; it decides where their defaults and checks differ.
public enum Lineage: Sendable, Hashable, CaseIterable {
  /// The Gateway API Inference Extension's reference EPP, up to v1.5.
  case inferenceExtension
  /// The llm-d router, its successor.
  case llmD

  /// The `apiVersion` that documents of this family carry.
  public var apiVersion: String {
    switch self {
    case .inferenceExtension: "inference.networking.x-k8s.io/v1alpha1"
    case .llmD: "llm-d.ai/v1alpha1"
    }
  }

  /// What becomes of plugin parameters that no plugin reads. The older family ignores them.
  public var unknownParameters: UnknownFieldPolicy {
    switch self {
    case .inferenceExtension: .warn
    case .llmD: .reject
    }
  }
}
