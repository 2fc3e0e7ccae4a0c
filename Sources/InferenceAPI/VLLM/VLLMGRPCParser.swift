/// `vllmgrpc-parser`: vLLM's gRPC service `vllm.grpc.engine.VllmEngine`.
///
/// A request body is one gRPC frame. `Generate` and `Embed` are read, the service's other methods are no inference.
/// The API names no model.
public struct VLLMGRPCParser: RequestParser {
  /// The name to configure it by.
  public static let typeName = "vllmgrpc-parser"

  private static let service = "/vllm.grpc.engine.VllmEngine/"

  /// See `RequestParser`.
  public var name: String { Self.typeName }
  /// See `RequestParser`.
  public var pathSuffixes: [String] {
    ["Generate", "Embed", "HealthCheck", "Abort", "GetModelInfo", "GetServerInfo"].map { Self.service + $0 }
  }

  /// A parser without parameters.
  public init() {}

  /// See `RequestParser`.
  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    context.reset()
    if RequestPath.hasSuffix(path, "/vllm.grpc.engine.VllmEngine/Generate") {
      return try VLLMGRPCRequest.generate(body, context)
    }
    if RequestPath.hasSuffix(path, "/vllm.grpc.engine.VllmEngine/Embed") {
      return try VLLMGRPCRequest.embed(body, context)
    }
    return InferenceRequest(api: .notInference, context: context)
  }
}
