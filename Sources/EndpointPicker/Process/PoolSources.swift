/// What keeps a pool up to date while the process serves.
struct PoolSources {
  let endpoints: EndpointSource
  /// nil without a file of policies.
  let policies: PolicySource?
  /// nil when nobody asks for the models that endpoints serve.
  let models: ModelPoller?
  /// nil when no source has certificates for model servers.
  let certificates: ModelServerCertificates?
  /// nil when the endpoints come from elsewhere.
  let watching: PoolWatching?
}
