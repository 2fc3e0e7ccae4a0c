/// How simulated model servers behave.
package struct SimulatorConfiguration: Sendable {
  /// Speeds and limits of each server's engine.
  package var engine = EngineConfiguration()
  /// Wall-clock time over engine time, 0...1000: 1 is real time, 0.1 ten times faster, 0 answers at once.
  package var timeScale = 1.0
  /// Names of the model served; the first one is reported in metrics. At least one.
  package var models = ["meta-llama/Llama-3.1-8B-Instruct"]
  /// Names of LoRA adapters, listed as models and reported in metrics while they have requests.
  package var adapters: [String] = []
  /// Most adapters in a batch as reported in metrics, 1...1024; no limit is enforced.
  package var maxAdapters = 4
  /// Whether requests for a model not named above get status 404; otherwise they are served.
  package var strictModel = false
  /// Tokens generated when a request sets no limit, 1...16777216.
  package var defaultOutputTokens = 16
  /// Bytes a metrics page has at least, 0...16777216.
  package var metricsPageBytes = 70_000
  /// Largest request body, in bytes; a larger one gets status 413.
  package let maxBodyBytes = 256 << 20

  /// The defaults.
  package init() {}

  /// Checks every range above.
  ///
  /// - Throws: ``ConfigurationError`` naming the first field that is out of its range.
  package func validate() throws(ConfigurationError) {
    try engine.validate()
    try EngineConfiguration.check(timeScale, in: 0...1000, "time-scale")
    try EngineConfiguration.check(maxAdapters, in: 1...1024, "max-loras")
    try EngineConfiguration.check(defaultOutputTokens, in: 1...16_777_216, "default-output-tokens")
    try EngineConfiguration.check(metricsPageBytes, in: 0...16_777_216, "metrics-page-bytes")
    guard !models.isEmpty else { throw ConfigurationError(field: "model", reason: "at least one is needed") }
    guard !(models + adapters).contains("") else { throw ConfigurationError(field: "model", reason: "is empty") }
  }
}
