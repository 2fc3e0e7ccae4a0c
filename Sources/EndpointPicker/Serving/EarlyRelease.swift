/// How long a request counts as in flight when its stream was ended before the response.
///
/// An estimate only has to bridge the time until the server's own metrics show the request, and must not outlive a
/// short one by much: the prompt at a modest prefill speed, between half a second and ten.
enum EarlyRelease {
  private static let prefillTokensPerSecond = 4_000.0

  static func seconds(promptTokens: Int) -> Double {
    min(max(Double(promptTokens) / prefillTokensPerSecond, 0.5), 10)
  }
}
