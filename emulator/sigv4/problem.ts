/** Why a signature was not accepted. Services word it differently: see errors.ts. */
export type SignatureProblemKind =
  /** No signature where one is needed. */
  | 'missing'
  | 'two-mechanisms'
  | 'unsupported-type'
  | 'signature-version-2'
  | 'malformed'
  | 'wrong-region'
  | 'wrong-service'
  | 'wrong-terminator'
  | 'wrong-scope-date'
  | 'missing-date'
  | 'skewed'
  | 'bad-expires'
  | 'presigned-expired'
  | 'unknown-key'
  | 'wrong-token'
  | 'expired-token'
  | 'header-not-signed'
  | 'missing-payload-hash'
  | 'bad-payload-hash'
  | 'payload-mismatch'
  | 'mismatch'
  | 'missing-decoded-length'
  | 'wrong-decoded-length'
  | 'malformed-chunks'
  | 'malformed-trailer';

/** Why a request of the former way to sign is refused. */
export const SIGNATURE_VERSION_2 = 'Signature Version 2 is not supported. Please use Signature Version 4.';

/** Thrown by the verifier. `detail` is a sentence without secrets; `fields` are further members for S3's error body. */
export class SignatureProblem extends Error {
  override readonly name = 'SignatureProblem';
  readonly kind: SignatureProblemKind;
  readonly fields: Readonly<Record<string, string>>;

  constructor(kind: SignatureProblemKind, detail: string, fields: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.kind = kind;
    this.fields = fields;
  }
}
