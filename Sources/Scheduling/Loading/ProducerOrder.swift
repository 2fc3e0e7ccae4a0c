/// The order in which producers run: as configured, but each after those whose data it reads.
enum ProducerOrder {
  static func sorted(
    _ instances: [PluginInstance], registry: PluginRegistry
  ) -> [(name: String, producer: any Producer)] {
    var left: [(registration: PluginRegistration?, producer: (name: String, producer: any Producer))] =
      instances.compactMap { instance in
        (instance.plugin as? any Producer).map { (registry.registration(for: instance.type), (instance.name, $0)) }
      }
    var sorted: [(name: String, producer: any Producer)] = []
    while !left.isEmpty {
      let next = left.indices.first { index in
        let reads = (left[index].registration?.requires ?? []) + (left[index].registration?.uses ?? [])
        return left.indices.allSatisfy { other in
          other == index || !(left[other].registration?.produces ?? []).contains(where: reads.contains)
        }
      }
      // Producers that read each other's data run as configured.
      sorted.append(left.remove(at: next ?? 0).producer)
    }
    return sorted
  }
}
