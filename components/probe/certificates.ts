/** A file of its own, as the SDK is: no pod but those of some clients loads it. */
export { newCertificateAuthority } from '../../foundation/node/certificates.ts';
