import ByteStorage
import Foundation

/// Requests whose prompts share what the requests of a recorded trace shared.
///
/// A trace has one JSON object a line with `input_length` and `output_length` in tokens and `hash_ids`, one for each
/// block of 512 tokens: equal ids stand for equal text, which is made from the id. A token is four bytes.
package final class TraceBodies: BodySource {
  /// One request of a trace.
  package struct Row: Decodable, Sendable {
    package var input_length: Int
    package var output_length: Int
    package var hash_ids: [UInt64]
  }

  /// A line that is no request.
  package struct TraceError: Error, CustomStringConvertible {
    package let line: Int
    package let reason: String

    package var description: String { "line \(line) of the trace: \(reason)" }
  }

  private static let blockBytes = 512 * 4
  private let rows: [Row]
  private let stride: Int
  private var position: Int
  private let tail: [UInt8]

  /// - Parameters:
  ///   - rows: not empty.
  ///   - worker: of `workers` sources that take turns, which this is.
  package init(_ rows: [Row], model: String, stream: Bool, worker: Int = 0, workers: Int = 1) {
    self.rows = rows
    self.stride = workers
    position = worker
    tail = Array("\",\"role\":\"user\"}],\"model\":\"\(model)\",\"stream\":\(stream)}".utf8)
  }

  /// Reads a trace.
  package static func rows(_ text: Data) throws -> [Row] {
    let decoder = JSONDecoder()
    var rows: [Row] = []
    for (index, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
      do {
        let row = try decoder.decode(Row.self, from: Data(line))
        guard row.input_length > 0, row.output_length >= 0 else {
          throw TraceError(line: index + 1, reason: "lengths must be positive")
        }
        rows.append(row)
      } catch let error as TraceError {
        throw error
      } catch {
        throw TraceError(line: index + 1, reason: "\(error)")
      }
    }
    guard !rows.isEmpty else { throw TraceError(line: 1, reason: "there are no requests") }
    return rows
  }

  package func storeNext(into block: ByteBlock) {
    let row = rows[position % rows.count]
    position += stride
    block.append(Array("{\"max_tokens\":\(max(1, row.output_length)),\"messages\":[{\"content\":\"".utf8))
    var rest = row.input_length * 4
    for id in row.hash_ids where rest > 0 {
      var text = SyntheticText(seed: id)
      let bytes = text.bytes(Self.blockBytes)
      bytes.withUnsafeBytes { block.append(UnsafeRawBufferPointer(rebasing: $0.prefix(rest))) }
      rest -= Self.blockBytes
    }
    block.append(tail)
  }
}
