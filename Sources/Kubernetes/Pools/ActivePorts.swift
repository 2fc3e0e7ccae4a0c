/// Which of its target ports a pod serves, by an annotation (data parallel ranks that are switched off, for instance).
enum ActivePorts {
  /// The annotations looked for, the first one present counts.
  static let annotations = ["llm-d.ai/active-ports", "inference.networking.k8s.io/active-ports"]

  /// The ports named; nil without the annotation, which means all. What is no port is passed over.
  static func read(_ annotationsOfPod: [String: String]?) -> Set<UInt16>? {
    guard let annotationsOfPod, let text = annotations.lazy.compactMap({ annotationsOfPod[$0] }).first else {
      return nil
    }
    return Set(
      text.split(separator: ",").compactMap { part in
        let digits = part.drop { $0 == " " || $0 == "\t" }.prefix { $0.isASCII && $0.isNumber }
        return UInt16(digits).flatMap { $0 > 0 ? $0 : nil }
      })
  }
}
