import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  cryptoProvider,
  type GeneralNameType,
} from '@peculiar/x509';
import { isIP } from 'node:net';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const YEAR = 365 * 24 * 3_600_000;
/** How long before their creation certificates are valid, in milliseconds, for clients with slow clocks. */
const BACKDATE = 3_600_000;

/** A certificate and its private key (PKCS #8), both in PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

interface CertificateAuthority {
  readonly certificate: string;
  issue(hosts: readonly string[]): Promise<CertificateAndKey>;
}

function newKeyPair(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

const pem = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** Creates a certificate authority, ECDSA on P-256. Validity follows the machine's clock, as TLS clients do. */
export async function newCertificateAuthority(): Promise<CertificateAuthority> {
  cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0]);
  const now = Date.now();
  const validity = { notBefore: new Date(now - BACKDATE), notAfter: new Date(now + 10 * YEAR) };
  const keys = await newKeyPair();
  const subject = 'CN=kubernetes';
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: subject,
    ...validity,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: `${authority.toString('pem')}\n`,
    async issue(hosts) {
      const server = await newKeyPair();
      const names = hosts.map((host): { type: GeneralNameType; value: string } => ({
        type: isIP(host) === 0 ? 'dns' : 'ip',
        value: host,
      }));
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: `CN=${hosts[0] ?? 'localhost'}`,
        issuer: subject,
        ...validity,
        publicKey: server.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(names),
          await AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      return { certificate: `${certificate.toString('pem')}\n`, key: pem(server.privateKey) };
    },
  };
}
