import Endpoints
import FoundationEssentials

import Kubernetes

func decode<Document: Decodable>(_ text: String) throws -> Document {
  try JSONDecoder().decode(Document.self, from: Data(text.utf8))
}

func pod(
  _ name: String, _ ip: String? = "10.0.0.1", ready: Bool = true, terminating: Bool = false,
  labels: [String: String] = ["app": "vllm"], annotations: [String: String]? = nil
) -> Pod {
  var meta = ObjectMeta(name: name, labels: labels, annotations: annotations)
  if terminating { meta.deletionTimestamp = "2026-01-01T00:00:00Z" }
  return Pod(
    metadata: meta,
    status: Pod.Status(podIP: ip, conditions: [.init(type: "Ready", status: ready ? "True" : "False")]))
}

/// A directory that goes with its last reference.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path() + "/epp-kubernetes-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: file))
    return file
  }
}
