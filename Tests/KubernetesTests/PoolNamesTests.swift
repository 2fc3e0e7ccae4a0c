import Foundation
import Kubernetes
import Testing

@Suite struct PoolNamesTests {
  private func pool(_ name: String, isDeleted: Bool = false) throws -> InferencePool {
    let deletion = isDeleted ? #","deletionTimestamp":"2026-01-01T00:00:00Z""# : ""
    let json =
      #"{"metadata":{"name":"\#(name)"\#(deletion)},"spec":{"selector":{"matchLabels":{"a":"b"}},"targetPorts":[]}}"#
    return try JSONDecoder().decode(InferencePool.self, from: Data(json.utf8))
  }

  @Test func namesAreToldOnceAllGroupsAreKnown() throws {
    var names = PoolNames(groups: ["x", "y"])
    #expect(names.apply(.replaced([try pool("b"), try pool("a")]), group: "x") == nil)
    #expect(names.apply(.absent, group: "y") == ["a", "b"])
    #expect(names.apply(.replaced([try pool("a")]), group: "y") == nil)
    #expect(names.apply(.changed([.gone(name: "a")]), group: "x") == nil)
    #expect(names.apply(.changed([.gone(name: "a"), .present(try pool("c"))]), group: "y") == ["b", "c"])
    #expect(names.apply(.changed([.present(try pool("c", isDeleted: true))]), group: "y") == ["b"])
    #expect(names.apply(.replaced([]), group: "x") == [])
  }

  @Test func noPoolsAreNewsAtFirst() {
    var names = PoolNames(groups: ["x"])
    #expect(names.apply(.absent, group: "x") == [])
    #expect(names.apply(.replaced([]), group: "x") == nil)
  }

  @Test func poolsThatAreBeingDeletedAreNone() throws {
    var names = PoolNames(groups: ["x"])
    #expect(names.apply(.replaced([try pool("a", isDeleted: true), try pool("b")]), group: "x") == ["b"])
  }
}
