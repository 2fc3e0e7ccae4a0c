import Crypto
import Foundation
import SwiftASN1
import X509

/// A key and a self-signed certificate for proxies that do not verify (gateways reach a picker that way by default).
struct SelfSignedIdentity {
  /// DER.
  let certificate: [UInt8]
  /// DER.
  let privateKey: [UInt8]

  init(now: Date = Date(), hostName: String = ProcessInfo.processInfo.hostName) throws {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName {
      OrganizationName("Inference Ext")
      CommonName("epp")
    }
    let certificate = try Certificate(
      version: .v3,
      serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey),
      // Clocks of proxies differ a little.
      notValidBefore: now.addingTimeInterval(-3_600),
      notValidAfter: now.addingTimeInterval(10 * 365 * 86_400),
      issuer: name,
      subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames([
          .dnsName("localhost"), .dnsName(hostName),
          .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
        ])
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    self.certificate = serializer.serializedBytes
    self.privateKey = Array(key.derRepresentation)
  }
}
