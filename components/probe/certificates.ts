/** In a separate file, as the SDK is: only pods of some clients load it. */
export { newCertificateAuthority } from '../../foundation/node/certificates.ts';
