/// What is known of how the picker behind the proxy is started; what is unknown is nil.
public struct PickerSettings: Sendable, Hashable {
  /// `--secure-serving`.
  public var servesTLS: Bool?
  /// Whether a certificate is configured by `--cert-path`; without one it is self-signed.
  public var hasCertificate = false
  /// `--early-stream-release`.
  public var releasesStreamsEarly = false
  /// Most endpoints in an answer, `maxNumOfEndpoints` of the picker plugin.
  public var maximumEndpoints: Int?

  /// Nothing is known.
  public init() {}
}
