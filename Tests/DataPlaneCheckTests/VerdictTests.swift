import DataPlaneCheck
import Testing

@Suite("Verdicts on the ways gateways wire a picker")
struct VerdictTests {
  @Test("Full duplex before ORIGINAL_DST works, with the default stream limit and no fallback")
  func duplex() throws {
    let report = try check(ProxyConfiguration.aiGatewayDuplex.text)
    #expect(
      report.summary == [
        "warning stream-limit", "warning fallback", "notice picker-tls", "notice failure-mode", "notice metadata",
      ])
    #expect(report.exitStatus == 1)
    #expect(report.verdict == "works, within limits")
  }

  @Test("Buffered bodies add the buffer's limit and responses held back")
  func buffered() throws {
    let report = try check(ProxyConfiguration.aiGatewayBuffered.text)
    #expect(
      report.summary == [
        "warning response-body-mode", "warning buffer-limit", "warning stream-limit", "warning fallback",
        "notice picker-tls", "notice failure-mode", "notice metadata",
      ])
    #expect(report.finding("stream-limit")?.remedy.contains("--early-stream-release") == true)
  }

  @Test("Early release takes the stream limit and the held-back responses away")
  func bufferedWithEarlyRelease() throws {
    var picker = PickerSettings()
    picker.releasesStreamsEarly = true
    let report = try check(ProxyConfiguration.aiGatewayBuffered.text, picker: picker)
    #expect(report.finding("response-body-mode") == nil)
    #expect(report.finding("stream-limit")?.severity == .notice)
  }

  @Test("Host overrides have fallbacks; only the stream limit is left")
  func overrideHost() throws {
    let report = try check(ProxyConfiguration.overrideHost.text)
    #expect(report.summary == ["warning stream-limit", "notice picker-tls", "notice failure-mode"])
  }

  @Test("Bodies that follow the pick are told of")
  func streamed() throws {
    let report = try check(ProxyConfiguration.streamed.text)
    #expect(
      report.summary == [
        "warning request-body-mode", "warning stream-limit", "warning fallback", "notice picker-tls",
        "notice response-body-mode", "notice failure-mode",
      ])
  }

  @Test("No bodies at all are told of")
  func headersOnly() throws {
    let report = try check(ProxyConfiguration.headersOnly.text)
    #expect(
      report.summary == [
        "warning request-body-mode", "warning stream-limit", "warning fallback", "notice picker-tls",
        "notice response-body-mode", "notice failure-mode",
      ])
    #expect(report.finding("request-body-mode")?.effect.contains("prefix-cache") == true)
  }

  @Test("A configuration with every remedy applied is well, with status 0")
  func mended() throws {
    let text = ProxyConfiguration.overrideHost.text.replacing(
      "    type: STATIC\n    connect_timeout: 10s",
      with:
        "    type: STATIC\n    circuit_breakers: {thresholds: [{max_requests: 2147483647}]}\n    connect_timeout: 10s")
    let report = try check(text)
    #expect(report.severity == .notice)
    #expect(report.exitStatus == 0)
    #expect(report.verdict == "works")
  }

  @Test("The report in plain words, in full")
  func text() throws {
    let report = try check(ProxyConfiguration.aiGatewayDuplex.text)
    #expect(
      report.text.hasPrefix(
        """
        listener "inference", route "all, /" → picker "epp", pool "pool"
          request          FULL_DUPLEX_STREAMED: the pick is made on the whole body, which passes the picker
          response         headers and body pieces, which pass the picker (FULL_DUPLEX_STREAMED)
          destination      ORIGINAL_DST: one address, from the header x-gateway-destination-endpoint; no fallback
          metadata         sent to the picker: none; taken over: none
          message timeout  300 s, which Envoy does not apply in full duplex: the route's timeout bounds a picker that hangs
          without picker   requests fail
          stream limit     1024 requests in flight (the circuit breaker's default)
          buffer limit     1 MiB, flow control only
          TLS to picker    encrypted, certificate not verified

        WARNING  cluster "epp": the proxy holds at most 1024 streams to the picker, the default  [stream-limit]
          breaks: with more requests in flight, streamed answers included, the others fail with 500 \
        (ext_proc_error_gRPC_error_14, overflow)
          mend:   set circuit_breakers.thresholds max_requests: 2147483647 (and max_pending_requests) on the cluster
        """))
    #expect(report.text.hasSuffix("envoy.yaml: works, within limits (0 errors, 2 warnings, 3 notices)\n"))
  }
}
