import FoundationEssentials
import Kubernetes
import RequestPolicies

/// What an API server sends on a watch is read or refused, the same however it is cut, and the endpoints of a pool
/// follow its pods.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var input = Input(start, count)
  let kind = input.byte()
  let seed = input.byte()
  let whole = lines([input.rest])
  precondition(whole == lines(Array(Pieces(of: input.rest, seed: seed))), "cutting changes the lines")
  switch kind % 4 {
  case 0: follow(events(in: whole))
  case 1:
    for case .changed(let pool) in events(in: whole) as [WatchEvent<InferencePool>] {
      precondition(pool.targetPorts.allSatisfy { $0 > 0 })
    }
  case 2: for case .changed(let object) in events(in: whole) as [WatchEvent<ObjectiveObject>] { _ = object.objective }
  default:
    for case .changed(let object) in events(in: whole) as [WatchEvent<RewriteObject>] {
      precondition(object.rewrite.createdAt.isFinite, "a time that is none")
    }
  }
  return 0
}

private let limit = 1 << 10

private func lines(_ pieces: [UnsafeRawBufferPointer]) -> [[UInt8]] {
  var splitter = LineSplitter(limit: limit)
  var lines: [[UInt8]] = []
  do {
    for piece in pieces { try splitter.append(piece) { lines.append(Array($0)) } }
  } catch {
    precondition(error is LineSplitter.LineTooLong)
    // The watch breaks off; lines of the same piece are lost with it or not.
    return []
  }
  precondition(lines.allSatisfy { !$0.isEmpty && !$0.contains(UInt8(ascii: "\n")) })
  return lines
}

private func events<Object>(in lines: [[UInt8]]) -> [WatchEvent<Object>] {
  let decoder = JSONDecoder()
  return lines.compactMap { try? decoder.decode(WatchEvent<Object>.self, from: Data($0)) }
}

/// Keeps the endpoints by changes alone, as the owner does.
private func follow(_ events: [WatchEvent<Pod>]) {
  var members = PoolMembers(namespace: "n")
  members.setTargetPorts([8000, 8001])
  var pods: [String: Pod] = [:]
  var endpoints: Set<String> = []
  for event in events {
    switch event {
    case .changed(let pod):
      pods[pod.metadata.name] = pod
      members.update(pod)
    case .deleted(let pod):
      pods[pod.metadata.name] = nil
      members.remove(pod: pod.metadata.name)
    default: continue
    }
    let changes = members.takeChanges()
    for gone in changes.removed {
      precondition(endpoints.remove("\(gone)") != nil, "an endpoint goes that is not there")
    }
    for new in changes.upserted { endpoints.insert("\(new.id)") }
  }
  precondition(endpoints.count <= 2 * pods.values.count { $0.isServing }, "an endpoint stays behind")
  members.replace(with: [])
  precondition(members.takeChanges().removed.count == endpoints.count, "endpoints were lost")
}
