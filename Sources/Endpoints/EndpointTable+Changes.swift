extension EndpointTable {
  /// Changes some endpoints of the set, keeping the slots, values and counters of those that stay. Costs far less than
  /// ``replaceAll(with:)`` in a large set.
  ///
  /// Endpoints are removed before others are added. Of descriptors with the same identity the last one counts; those
  /// beyond ``capacity`` are left out. All of it is one change: no snapshot shows a part of it.
  /// - Returns: what changed.
  @discardableResult
  public func update(upserting descriptors: [EndpointDescriptor], removing ids: [EndpointID]) -> EndpointChanges {
    state.withLock { state in
      let descriptors = state.isClosed ? [] : descriptors
      var byID =
        state.byID ?? Dictionary(uniqueKeysWithValues: state.snapshot.endpoints.map { ($0.id, $0) })
      state.byID = nil
      defer { state.byID = byID }
      var changes = EndpointChanges()
      var dropped: [Endpoint] = []
      for id in ids {
        guard let endpoint = byID.removeValue(forKey: id) else { continue }
        changes.removed.append(endpoint)
        state.retired.append(endpoint.slot)
      }
      dropped += changes.removed
      var wanted = Dictionary(descriptors.map { ($0.id, $0) }) { $1 }
      for descriptor in descriptors {
        guard let last = wanted.removeValue(forKey: descriptor.id) else { continue }
        let old = byID[last.id]
        guard last != old?.descriptor else { continue }
        guard let slot = old?.slot ?? takeSlot(&state) else {
          changes.refused.append(last.id)
          continue
        }
        let endpoint = Endpoint(last, slot: slot, generation: state.nextGeneration)
        state.nextGeneration += 1
        byID[last.id] = endpoint
        if let old {
          dropped.append(old)
          changes.updated.append(endpoint)
        } else {
          changes.added.append(endpoint)
        }
      }
      guard !changes.isEmpty else { return changes }
      state.snapshot = EndpointSnapshot(
        after: state.snapshot, dropping: dropped, introducing: changes.updated + changes.added)
      publishedVersion.store(state.snapshot.version, ordering: .releasing)
      return changes
    }
  }
}
