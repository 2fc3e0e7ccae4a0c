import ByteStorage
import ExtProc
import GRPCFraming
import ModelServerMetrics

/// Messages in and out, and metrics pages.
enum MessageBenchmarks {
  static var all: [MicroBenchmark] {
    [
      MicroBenchmark("decode-request-headers") { decoding(requestHeaders) },
      MicroBenchmark("decode-body-2k") { decoding(body(2_048)) },
      MicroBenchmark("decode-event") { decoding(body(220)) },
      MicroBenchmark("encode-destination") {
        {
          var answer = Answer(.headers(.request))
          answer.headers = [(ExtProcNames.destinationEndpoint, "10.0.0.1:8000")]
          answer.metadata = [
            .init(namespace: "envoy.lb", key: ExtProcNames.destinationEndpoint, value: .string("10.0.0.1:8000"))
          ]
          consume(answer.packed())
        }
      },
      MicroBenchmark("encode-event-head") {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16)
        return {
          BodyAnswer.storeHead(.response, 220, endOfStream: false, at: memory)
          consume(memory)
        }
      },
      MicroBenchmark("scan-metrics-page-80k") {
        let page = metricsPage
        let scanner = Scanner()
        return { page.withUnsafeBytes { scanner.scan($0) } }
      },
    ]
  }

  private final class Scanner {
    private var scanner = PageScanner(plan: ScanPlan(engine: .vllm))

    func scan(_ page: UnsafeRawBufferPointer) {
      scanner.feed(page)
      consume(scanner.finish().waitingQueueSize)
    }
  }

  private static func decoding(_ message: [UInt8]) -> () throws -> Void {
    let arena = Arena()
    return {
      arena.reset()
      try message.withUnsafeBytes { bytes in
        let message = try ProcessingMessage(bytes, arena: arena)
        guard case .headers(let view, _)? = message.content else { return consume(message.direction) }
        var length = 0
        for header in view { length += header.value.count }
        consume(length)
      }
    }
  }

  private static func field(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    var length: [UInt8] = []
    var rest = content.count
    while rest >= 0x80 {
      length.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return [tag << 3 | 2] + length + [UInt8(rest)] + content
  }

  /// Eighteen headers, as Envoy sends them.
  private static var requestHeaders: [UInt8] {
    let headers = (0..<18).flatMap { index in
      field(1, field(1, Array("x-header-\(index)".utf8)) + field(3, Array("value of header \(index)".utf8)))
    }
    return field(2, field(1, headers))
  }

  private static func body(_ count: Int) -> [UInt8] {
    field(5, field(1, [UInt8](repeating: 0x61, count: count)))
  }

  /// A page like vLLM's: a few gauges among many buckets of histograms.
  private static var metricsPage: [UInt8] {
    var page = ""
    for gauge in ["num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"] {
      page +=
        "# HELP vllm:\(gauge) Help.\n# TYPE vllm:\(gauge) gauge\nvllm:\(gauge){engine=\"0\",model_name=\"m\"} 0.5\n"
    }
    page += "# TYPE vllm:cache_config_info gauge\n"
    page += "vllm:cache_config_info{block_size=\"16\",num_gpu_blocks=\"27000\"} 1.0\n"
    var bucket = 0
    while page.utf8.count < 80_000 {
      let name = "vllm:request_time_\(bucket / 20)_seconds_bucket"
      page +=
        "\(name){engine=\"0\",le=\"\(bucket % 20)\",model_name=\"meta-llama/Llama-3.1-8B-Instruct\"} \(bucket).0\n"
      bucket += 1
    }
    return Array(page.utf8)
  }
}
