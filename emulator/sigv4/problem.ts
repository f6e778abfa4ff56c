import wordings from './errors.json' with { type: 'json' };

/** Why a signature was not accepted. Services word it differently: see errors.ts. */
export type SignatureProblemKind = keyof typeof wordings.s3;

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
