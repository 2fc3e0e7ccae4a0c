import ModelServerMetrics
import Testing

@Suite("Metric specs")
struct MetricSpecTests {
  @Test(
    "names and labels, quoted or not",
    arguments: [
      ("vllm:num_requests_waiting", "vllm:num_requests_waiting"),
      ("  m  ", "m"),
      ("m{}", "m"),
      ("m{a=b}", #"m{a="b"}"#),
      (#"m{a="b",c='d'}"#, #"m{a="b",c="d"}"#),
      (" m { a = b c , d = \"e,}\" , } ", #"m{a="b c",d="e,}"}"#),
      (#"m{a="x\"y"}"#, #"m{a="x"y"}"#),
      ("m{a=}", #"m{a=""}"#),
    ])
  func accepted(text: String, meaning: String) throws {
    #expect(try MetricSpec(text).description == meaning)
  }

  @Test(
    "errors say what is wrong",
    arguments: [
      ("", "metric name"), ("{a=b}", "metric name"), ("1m", "metric name"), ("m x", "unexpected text"),
      ("m{a=b", "missing '}'"), ("m{a}", "needs '='"), ("m{=b}", "label name"), ("m{a=\"b}", "closing quote"),
      ("m{a=\"b\" c=d}", "expected ','"), ("m{a=b,a=c}", "twice"), ("m{a=b}x", "unexpected text"),
      ("m{a:b=c}", "needs '='"), (String(repeating: "m", count: 256), "longer"),
    ])
  func refused(text: String, reason: String) {
    let error = #expect(throws: MetricSpecError.self) { try MetricSpec(text) }
    #expect(error?.reason.contains(reason) == true)
    #expect(error?.text == text)
  }

  @Test("blank text switches a spec off")
  func optional() throws {
    #expect(try MetricSpec.optional(" ") == nil)
    #expect(try MetricSpec.optional("m")?.name == "m")
    #expect(throws: MetricSpecError.self) { try MetricSpec.optional("{") }
  }
}
