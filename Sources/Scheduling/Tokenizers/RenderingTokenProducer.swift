import InferenceAPI

/// `token-producer` with the backend `vllm`: has a vLLM renderer make the tokens, with the model's own tokenizer and chat
/// template, so that they are those that servers tell of.
///
/// Asks about chat and text completions; the prompts of other APIs, and those that came as tokens, stay as they are.
/// Without an answer in time the estimate stays. What reads tokens, the other producers included, reads the renderer's.
public final class RenderingTokenProducer: InquiringProducer {
  /// The parameters of the producer.
  public struct Parameters: Sendable, Hashable {
    /// Base address of the renderer, without a slash at its end.
    public var url = "http://localhost:8000"
    /// The model to name to the renderer; empty for the one that the request is sent on with.
    public var modelName = ""
    /// Seconds that the renderer may take.
    public var timeout = 5.0
    /// Seconds that it may take for requests with media.
    public var mediaTimeout = 30.0

    /// Creates the default parameters.
    public init() {}
  }

  /// Names the questions to the renderer.
  public let inquiryID: InquiryID
  let parameters: Parameters
  private let workspace: WorkspaceID

  /// Creates a producer.
  /// - Parameter space: where it finds places for what it keeps.
  public init(parameters: Parameters, space: AttributeSpace) {
    self.parameters = parameters
    inquiryID = space.makeInquiry()
    workspace = space.makeWorkspace()
  }

  /// Sends the request's body, with the renderer's name of the model.
  public func inquiry(_ cycle: SchedulingCycle) -> Inquiry? {
    guard let inference = cycle.request.inference, !inference.isTokenized, inference.prompts.count > 0,
      !cycle.request.body.isEmpty, let path = Self.path(inference.api)
    else { return nil }
    return Inquiry(
      id: inquiryID, url: parameters.url + path, body: body(cycle.request, inference),
      timeout: inference.mediaItems > 0 ? parameters.mediaTimeout : parameters.timeout)
  }

  private static func path(_ api: InferenceRequest.API) -> String? {
    switch api {
    case .chatCompletions: "/v1/chat/completions/render"
    case .completions: "/v1/completions/render"
    default: nil
    }
  }

  private func body(_ request: SchedulingRequest, _ inference: InferenceRequest) -> [UInt8] {
    let body = request.body
    let name = parameters.modelName.isEmpty ? Array(request.targetModel) : Array(parameters.modelName.utf8)
    guard !name.isEmpty, !(inference.model.map { name.elementsEqual($0) } ?? false),
      let range = ModelFieldLocator.valueRange(in: body)
    else { return Array(body) }
    var copy: [UInt8] = []
    copy.reserveCapacity(body.count + name.count + 2)
    copy += body[..<range.lowerBound]
    copy += name.withUnsafeBytes { JSONText.string($0) }
    copy += body[range.upperBound...]
    return copy
  }

  /// Puts the renderer's tokens in the place of the prompts.
  public func produce(_ cycle: SchedulingCycle) {
    guard let body = cycle.answer(to: inquiryID)?.okBody else { return }
    let rendered = cycle.workspace(workspace) { RenderedPrompts() }
    guard rendered.read(body) else { return }
    cycle.setTokens(rendered.prompts, media: rendered.media)
  }
}
