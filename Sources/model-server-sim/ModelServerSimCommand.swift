import ArgumentParser
import ModelServerSimulator

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The command line of `model-server-sim`.
struct ModelServerSimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model-server-sim",
    abstract: "Simulated vLLM model servers: OpenAI API, KV cache, queue and metrics without a model.")

  @Option(help: "Address of the first server, IPv4.")
  var host = "127.0.0.1"
  @Option(help: "Port of every server, or of the first one with --same-host.")
  var port = 8000
  @Option(help: "Number of servers, on consecutive addresses.")
  var instances = 1
  @Flag(help: "Put the servers on consecutive ports of one host instead.")
  var sameHost = false
  @Option(help: "Threads that share the servers.")
  var threads = 1

  @Option(help: "Name of the model; repeat for further names. (default: meta-llama/Llama-3.1-8B-Instruct)")
  var model: [String] = []
  @Option(help: "Name of a LoRA adapter; repeat for more.")
  var lora: [String] = []
  @Option(help: "Most LoRA adapters in a batch, as reported.")
  var maxLoras = 4
  @Flag(help: "Answer requests for other models with 404.")
  var strictModel = false
  @Option(help: "Tokens generated when a request sets no limit.")
  var defaultOutputTokens = 16
  @Option(help: "Least size of a metrics page in bytes.")
  var metricsPageBytes = 70_000

  @Option(help: "Prompt tokens computed per second.")
  var prefillTokensPerSecond = 8000.0
  @Option(help: "Milliseconds of a step that decodes one sequence.")
  var decodeStepMs = 12.0
  @Option(help: "Milliseconds each further sequence adds to a step.")
  var decodeStepPerSequenceMs = 0.1
  @Option(help: "Most sequences running at once.")
  var maxNumSeqs = 256
  @Option(help: "Most tokens computed in one step.")
  var maxBatchedTokens = 2048
  @Option(help: "KV-cache blocks.")
  var numGpuBlocks = 8192
  @Option(help: "Tokens in a KV-cache block.")
  var blockSize = 16
  @Option(help: "Wall-clock time over simulated time: 1 real time, 0.1 ten times faster, 0 answers at once.")
  var timeScale = 1.0

  private var simulator: SimulatorConfiguration {
    var simulator = SimulatorConfiguration()
    simulator.engine.prefillTokensPerSecond = prefillTokensPerSecond
    simulator.engine.decodeStepSeconds = decodeStepMs / 1000
    simulator.engine.decodeStepPerSequenceSeconds = decodeStepPerSequenceMs / 1000
    simulator.engine.maxSequences = maxNumSeqs
    simulator.engine.maxBatchedTokens = maxBatchedTokens
    simulator.engine.blockCount = numGpuBlocks
    simulator.engine.blockSize = blockSize
    simulator.timeScale = timeScale
    if !model.isEmpty { simulator.models = model }
    simulator.adapters = lora
    simulator.maxAdapters = maxLoras
    simulator.strictModel = strictModel
    simulator.defaultOutputTokens = defaultOutputTokens
    simulator.metricsPageBytes = metricsPageBytes
    return simulator
  }

  func validate() throws {
    do throws(ConfigurationError) {
      try simulator.validate()
      _ = try ListenAddress.expand(host: host, port: port, count: instances, sameHost: sameHost)
    } catch {
      throw ValidationError("--\(error)")
    }
    guard (1...1024).contains(threads) else { throw ValidationError("--threads: is \(threads), must be 1...1024") }
  }

  func run() throws {
    // Blocked before any thread starts, so that every thread inherits it and only sigwait takes the signals.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    let addresses = try ListenAddress.expand(host: host, port: port, count: instances, sameHost: sameHost)
    let fleet = try ModelServerFleet.start(simulator, on: addresses, threads: threads)
    for address in fleet.addresses { print("listening on \(address)") }
    fflush(nil)

    var signal: Int32 = 0
    sigwait(&signals, &signal)
    try fleet.stop()
  }
}
