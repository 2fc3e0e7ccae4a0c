/// The proxy and the picker agree about TLS.
enum SecurityRule: CheckRule {
  private static let rule = "picker-tls"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard let cluster = path.picker else { return [] }
    let place = "cluster \"\(cluster.name)\""
    switch cluster.security {
    case .plaintext:
      if picker.servesTLS == true {
        return [
          Finding(
            rule, .error, at: place, "the proxy speaks plain text with a picker that expects TLS",
            effect: "every request fails",
            remedy: "add a transport_socket with an UpstreamTlsContext, or start epp with --secure-serving=false")
        ]
      }
      return [
        Finding(
          rule, .notice, at: place, "the proxy speaks plain text with the picker",
          effect: "prompts can be read on the way, and it works only while epp runs with --secure-serving=false",
          remedy: "add a transport_socket with an UpstreamTlsContext")
      ]
    case .unverified:
      if picker.servesTLS == false {
        return [
          Finding(
            rule, .error, at: place, "the proxy speaks TLS with a picker that serves plain text",
            effect: "every request fails", remedy: "start epp without --secure-serving=false")
        ]
      }
      return [
        Finding(
          rule, .notice, at: place, "TLS to the picker is not verified",
          effect: "it is encrypted, but whoever takes the picker's address can choose the destinations",
          remedy: "give epp a certificate (--cert-path) and the cluster a validation_context with its trusted_ca")
      ]
    case .verified:
      guard !picker.hasCertificate else { return [] }
      return [
        Finding(
          rule, .warning, at: place, "the proxy verifies the picker's certificate",
          effect: "the self-signed certificate that epp makes by default is refused, and every request fails",
          remedy: "start epp with --cert-path, and a certificate that the cluster's validation_context accepts")
      ]
    }
  }
}
