import Crypto
import Foundation
import GRPC
import NIOSSL
import Testing
import X509

/// Certificates from a directory laid out like a Kubernetes TLS secret.
@Suite(.timeLimit(.minutes(5))) struct CertificateTests {
  /// A directory that goes away with the test.
  private final class Directory {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("certificates-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ text: String, _ name: String) throws {
      try Data(text.utf8).write(to: url.appendingPathComponent(name))
    }
  }

  private static func makePEM() throws -> (certificate: String, key: String) {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("test") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: Date(timeIntervalSinceNow: -60), notValidAfter: Date(timeIntervalSinceNow: 3_600), issuer: name,
      subject: name, signatureAlgorithm: .ecdsaWithSHA256, extensions: Certificate.Extensions(),
      issuerPrivateKey: Certificate.PrivateKey(key))
    return (try certificate.serializeAsPEM().pemString, key.pemRepresentation)
  }

  @Test func servesWithFilesOfADirectory() async throws {
    let directory = try Directory()
    let pem = try Self.makePEM()
    try directory.write(pem.certificate, "tls.crt")
    try directory.write(pem.key, "tls.key")
    let server = try await TestServer.start(
      [TestMethod(.echo)], tls: try ServerTLS.context(directory: directory.url.path))
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates([try NIOSSLCertificate(bytes: Array(pem.certificate.utf8), format: .pem)])
    configuration.certificateVerification = .noHostnameVerification
    configuration.applicationProtocols = ["h2"]
    let client = try await server.connect(tls: try NIOSSLContext(configuration: configuration))
    #expect(try await client.unary("/test.Echo/Call", [1, 2]).messages == [[1, 2]])
    await client.close()
    await server.stop()
  }

  @Test func unusableFilesAreNamed() throws {
    let directory = try Directory()
    let path = directory.url.path
    #expect(#expect(throws: ServerTLSError.self) { try ServerTLS.context(directory: path) }?.file == "\(path)/tls.crt")
    try directory.write("no certificate", "tls.crt")
    #expect(#expect(throws: ServerTLSError.self) { try ServerTLS.context(directory: path) }?.file == "\(path)/tls.crt")
    try directory.write(try Self.makePEM().certificate, "tls.crt")
    let missingKey = #expect(throws: ServerTLSError.self) { try ServerTLS.context(directory: path) }
    #expect(missingKey?.file == "\(path)/tls.key")
    #expect(missingKey?.description.contains("\(path)/tls.key") == true)
    try directory.write("no key", "tls.key")
    #expect(#expect(throws: ServerTLSError.self) { try ServerTLS.context(directory: path) }?.file == "\(path)/tls.key")
  }
}
