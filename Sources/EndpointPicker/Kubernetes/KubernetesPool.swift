import Endpoints
import Kubernetes
import RequestPolicies

/// Puts what Kubernetes says about a pool in force.
struct KubernetesPool: PoolObserver {
  let endpoints: EndpointApplier
  let policies: RequestPolicyStore
  let readiness: Readiness

  func endpointsChanged(upserted: [EndpointDescriptor], removed: [EndpointID]) {
    endpoints.update(upserting: upserted, removing: removed)
  }

  func policiesChanged(_ policies: RequestPolicies) { self.policies.replace(with: policies) }

  func poolChanged(_ pool: InferencePool?) {}

  func syncChanged(_ isSynced: Bool) { readiness.set(.poolSynced, isSynced) }
}
