import NIOCore
import Testing

import Kubernetes

@Suite struct WatchEventTests {
  private func events(_ lines: String...) throws -> [WatchEvent<Pod>] {
    var stream = WatchStream<Pod>()
    return try stream.events(in: ByteBuffer(string: lines.map { $0 + "\n" }.joined()))
  }

  @Test func objectsBookmarksAndErrorsAreTold() throws {
    let events = try events(
      #"{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}}"#,
      #"{"type":"MODIFIED","object":{"metadata":{"name":"b","resourceVersion":"6"}}}"#,
      #"{"type":"DELETED","object":{"metadata":{"name":"c","resourceVersion":"7"}}}"#,
      #"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"8"}}}"#,
      #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}"#,
      #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#)
    let told = events.map { event -> String in
      switch event {
      case .changed(let pod): "changed \(pod.metadata.name) \(pod.metadata.resourceVersion ?? "")"
      case .deleted(let pod): "deleted \(pod.metadata.name)"
      case .bookmark(let version, let ends): "bookmark \(version) \(ends)"
      case .failed(let error): "failed \(error.code ?? 0)"
      case .skipped: "skipped"
      }
    }
    #expect(
      told == ["changed a 5", "changed b 6", "deleted c", "bookmark 8 false", "bookmark 9 true", "failed 410"])
  }

  /// One object that nobody can read must not stop the watch: its version is known, and the watch goes on behind it.
  @Test func unreadableObjectsArePassedOver() throws {
    let events = try events(
      #"{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"},"status":{"podIP":7}}}"#,
      #"{"type":"ADDED","object":{"metadata":{"name":"b","resourceVersion":"6"}}}"#)
    guard case .skipped("5", _) = events[0], case .changed = events[1] else {
      Issue.record("\(events)")
      return
    }
  }

  @Test func linesThatAreNoEventsEndTheWatch() {
    #expect(throws: (any Error).self) { try events("{\"type\":\"ADDED\"") }
    #expect(throws: (any Error).self) { try events("<html>") }
  }

  @Test func listsKeepWhatCanBeRead() throws {
    let page: ListPage<Pod> = try decode(
      #"{"metadata":{"resourceVersion":"9","continue":"t"},"items":[{"metadata":{"name":"a"}},{"metadata":{}}]}"#)
    #expect(page.items.map(\.metadata.name) == ["a"])
    #expect(page.problems.count == 1)
    #expect(page.metadata.continue == "t")
    let empty: ListPage<Pod> = try decode(#"{"metadata":{"resourceVersion":"9"},"items":null}"#)
    #expect(empty.items.isEmpty)
  }
}
