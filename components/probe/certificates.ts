/** A separate file, like the SDK, because only pods of some clients load it. */
export { newCertificateAuthority } from '../../foundation/node/certificates.ts';
