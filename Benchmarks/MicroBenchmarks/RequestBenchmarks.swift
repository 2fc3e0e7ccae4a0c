import InferenceAPI
import PrefixCache

/// Reading a request body, hashing its prompt and looking it up.
enum RequestBenchmarks {
  static var all: [MicroBenchmark] {
    [
      MicroBenchmark("parse-chat-2k") { try parsing(bytes: 2_048) },
      MicroBenchmark("parse-chat-64k") { try parsing(bytes: 64 << 10) },
      MicroBenchmark("hash-100k-tokens") {
        let (hash, _) = hashing(tokens: 102_400)
        return { hash() }
      },
      MicroBenchmark("match-100k-tokens-100-endpoints") {
        let (hash, chains) = hashing(tokens: 102_400)
        let index = PrefixIndex()
        let matches = PrefixMatches()
        hash()
        // Every endpoint holds another length of the prompt.
        for slot in 0..<100 {
          index.insert(UnsafeBufferPointer(rebasing: chains[0].prefix(16 * (slot + 1))), slot: UInt32(slot))
        }
        return {
          hash()
          matches.reset(slotCount: 100)
          index.addLongestMatches(of: chains[0], to: matches)
          consume(matches.touched.count)
        }
      },
    ]
  }

  /// Text whose blocks all differ.
  private static func text(_ count: Int) -> [UInt8] {
    (0..<count).map { index in
      let letter = (index / 7 ^ index / 512) % 26
      return UInt8(0x61 + letter)
    }
  }

  static func chatBody(_ bytes: Int) -> [UInt8] {
    let head = "{\"model\":\"llama\",\"messages\":[{\"role\":\"user\",\"content\":\""
    let tail = "\"}],\"stream\":true}"
    return Array(head.utf8) + text(bytes - head.utf8.count - tail.utf8.count) + Array(tail.utf8)
  }

  private static func parsing(bytes: Int) throws -> () throws -> Void {
    let context = RequestParsingContext()
    let parser = OpenAIParser()
    let body = chatBody(bytes)
    let padded = body + [UInt8](repeating: 0, count: RequestParsingContext.bodyPadding)
    let path = Array("/v1/chat/completions".utf8)
    return {
      try padded.withUnsafeBytes { bytes in
        try path.withUnsafeBytes { path in
          let request = try parser.parse(
            body: UnsafeRawBufferPointer(rebasing: bytes[..<body.count]), path: path, context: context)
          consume(request.promptTokenCount)
        }
      }
    }
  }

  private static func hashing(tokens: Int) -> (hash: () -> Void, chains: BlockChains) {
    let chains = BlockChains()
    let prompt = text(tokens * 4)
    let hasher = BlockHasher(blockSize: 64, maximumBlocksPerPrompt: 4_096)
    return (
      {
        chains.reset()
        prompt.withUnsafeBytes { bytes in
          withUnsafePointer(to: bytes) { segment in
            hasher.append(prompt: UnsafeBufferPointer(start: segment, count: 1), root: 1, to: chains)
          }
        }
        consume(chains.blockCount)
      }, chains
    )
  }
}
