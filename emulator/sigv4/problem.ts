import wordings from './errors.json' with { type: 'json' };

/** The services' wordings are in errors.ts. */
export type SignatureProblemKind = keyof typeof wordings.s3;

export const SIGNATURE_VERSION_2 = 'Signature Version 2 is not supported. Please use Signature Version 4.';

/** `detail` is a sentence without secrets. `fields` are members of S3's error body. */
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
