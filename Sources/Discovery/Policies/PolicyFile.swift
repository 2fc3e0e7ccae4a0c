import PickerConfiguration
import RequestPolicies

/// A file of InferenceObjective and InferenceModelRewrite objects: the policies of a picker that has no Kubernetes API
/// to read them from.
public struct PolicyFile: Sendable, Hashable {
  /// The largest file that is read, in bytes.
  public static let maximumBytes = ConfigNode.maximumBytes

  /// The objectives, in document order.
  public let objectives: [InferenceObjective]
  /// The rewrites, in document order.
  public let rewrites: [InferenceModelRewrite]
  /// What the file's author should know although the file can be used.
  public let warnings: [ConfigurationProblem]

  /// Reads the file's contents: YAML documents separated by `---`, or JSON. A document may also be a list, a mapping with
  /// `items`. Empty documents are passed over.
  ///
  /// A file with any mistake is refused as a whole: policies that are half in force would be a riddle.
  /// - Parameters:
  ///   - bytes: at most ``maximumBytes``.
  ///   - source: what problems call the file.
  ///   - pool: objects that refer to a pool of another name are left out, with a warning; nil for objects of all pools.
  /// - Throws: every problem found.
  public static func parse(
    _ bytes: [UInt8], source: String, pool: String? = nil
  ) throws(ConfigurationError) -> PolicyFile {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(SourceLocation(source: source), "the file is not UTF-8 text")
    }
    var problems: [ConfigurationProblem] = []
    var warnings: [ConfigurationProblem] = []
    var objects: [PolicyObject] = []
    var lines: [String: Int?] = [:]
    for document in try ConfigNode.parseAll(text, source: source) {
      for node in items(of: document) where !node.isNull {
        do throws(ConfigurationError) {
          let object = try PolicyObject(decoding: node)
          warnings += object.warnings
          if let pool, let reference = object.pool, reference.name != pool {
            warnings.append(
              ConfigurationProblem(
                object.location.field("spec").field("poolRef"),
                "left out, because it is for the pool \"\(reference.name)\" and not for \"\(pool)\""))
            continue
          }
          if let line = lines.updateValue(
            object.location.line, forKey: "\(object.kind.rawValue) \(object.namespace)/\(object.name)")
          {
            let place = line.map { " in line \($0)" } ?? ""
            problems.append(
              ConfigurationProblem(
                object.location, "there is an \(object.kind.rawValue) named \"\(object.name)\" already\(place)"))
          }
          objects.append(object)
        } catch {
          problems += error.problems
        }
      }
    }
    if let error = ConfigurationError(problems) { throw error }
    return PolicyFile(objects, warnings: warnings)
  }

  /// Reads a file; parameters as for ``parse(_:source:pool:)``.
  public static func load(path: String, pool: String? = nil) throws(ConfigurationError) -> PolicyFile {
    try parse(try BoundedFile.bytes(at: path, limit: maximumBytes), source: path, pool: pool)
  }

  /// The policies, ready to be put in force.
  public var policies: RequestPolicies { RequestPolicies(objectives: objectives, rewrites: rewrites) }

  private init(_ objects: [PolicyObject], warnings: [ConfigurationProblem]) {
    objectives = objects.compactMap { object in
      if case .objective(let objective) = object.content { objective } else { nil }
    }
    rewrites = objects.compactMap { object in
      if case .rewrite(let rewrite) = object.content { rewrite } else { nil }
    }
    self.warnings = warnings
  }

  /// The objects in a document: itself, or those of a list as `kubectl get -o yaml` prints it.
  private static func items(of document: ConfigNode) -> [ConfigNode] {
    guard let entries = document.entries,
      entries.contains(where: { entry in
        guard entry.key == "kind", case .string(let kind)? = entry.value.scalar else { return false }
        return kind.hasSuffix("List")
      }), let items = entries.first(where: { $0.key == "items" })?.value.elements
    else { return [document] }
    return items
  }
}
