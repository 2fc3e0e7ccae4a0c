/// One answer of a picker, `envoy.service.ext_proc.v3.ProcessingResponse`, as far as it is checked. Its bytes are valid
/// until the reader that made it reads again.
package struct ProcessingAnswer {
  /// What is being answered.
  package enum Kind: String, Sendable {
    case requestHeaders
    case requestBody
    case requestTrailers
    case responseHeaders
    case responseBody
    case responseTrailers
    case immediate
    /// The message says nothing.
    case nothing
  }

  package var kind: Kind
  /// Value of the header `x-gateway-destination-endpoint` that is set; nil if it isn't.
  package var destination: UnsafeRawBufferPointer?
  /// Value of the same key in the metadata namespace `envoy.lb`; nil if it is absent.
  package var destinationMetadata: UnsafeRawBufferPointer?
  /// Body bytes that go on, of a `streamed_response`.
  package var body = UnsafeRawBufferPointer(start: nil, count: 0)
  /// A body comes as a `streamed_response`, as full duplex demands.
  package var isStreamed = false
  package var endOfStream = false
  /// HTTP status of an immediate answer.
  package var status = 0

  package init(_ kind: Kind) {
    self.kind = kind
  }
}
