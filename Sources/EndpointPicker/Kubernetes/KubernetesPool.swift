import Endpoints
import Kubernetes
import RequestPolicies

/// Who is told how a pool fares.
struct PoolUpdates: Sendable {
  /// Whether the pool and its pods are known.
  let synced: @Sendable (Bool) -> Void
  /// The InferencePool is new or was changed; nil when there is none.
  let changed: @Sendable (InferencePool?) -> Void
}

/// Puts what Kubernetes says about a pool in force.
struct KubernetesPool: PoolObserver {
  let endpoints: EndpointApplier
  let policies: RequestPolicyStore
  let updates: PoolUpdates

  func endpointsChanged(upserted: [EndpointDescriptor], removed: [EndpointID]) {
    endpoints.update(upserting: upserted, removing: removed)
  }

  func policiesChanged(_ policies: RequestPolicies) { self.policies.replace(with: policies) }

  func poolChanged(_ pool: InferencePool?) { updates.changed(pool) }

  func syncChanged(_ isSynced: Bool) { updates.synced(isSynced) }
}
