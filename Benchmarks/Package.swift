// swift-tools-version: 6.1
import PackageDescription

/// Measures epp and other ext_proc pickers. A package of its own, so that epp itself depends on nothing it needs.
let package = Package(
  name: "epp-benchmarks",
  products: [
    .executable(name: "epp-load", targets: ["epp-load"])
  ],
  dependencies: [
    .package(name: "epp", path: ".."),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
  ],
  targets: [
    .target(
      name: "LoadGeneration",
      dependencies: [
        .product(name: "GRPCTransport", package: "epp"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .executableTarget(
      name: "epp-load",
      dependencies: [
        "LoadGeneration",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(name: "LoadGenerationTests", dependencies: ["LoadGeneration"]),
  ]
)
