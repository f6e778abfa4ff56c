/** Operations of S3. Places are `<bucket>/<key>` with the scenario's short bucket name. */
import { literal, opt, text, textMap, texts } from '../scenario/form.ts';
import { chainStep } from './forms.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import type { Wording } from '../scenario/descriptor.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';
import { stepToProgram, type ChainStep } from './sts.ts';

interface Through {
  /** Role that the workload's session assumes for the operation. */
  readonly through?: ChainStep;
}

const throughWords = ({ through }: Through, say: Wording): string =>
  through === undefined ? '' : `through ${say.text(through.roleArn)}`;

const MOST_TAGS_SHOWN = 8;

/** Tags in words: `with tags team=red`. */
export function tagWords(tags: Readonly<Record<string, string>> | undefined, say: Wording): string {
  if (tags === undefined) return '';
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${say.text(value)}`);
  return pairs.length > MOST_TAGS_SHOWN ? `with ${pairs.length} tags` : `with tags ${pairs.join(', ')}`;
}

const common = {
  usesS3: true,
  throughSdk: true,
  assumes: ({ through }: Through) => through?.roleArn,
  // Clients with all operations of an SDK can send headers for tags and encryption.
  clientOperations: ({ through, tags, encryption, kmsKey }: ObjectOptions) => [
    ...(through ? ['AssumeRole'] : []),
    ...((tags ?? encryption ?? kmsKey) ? ['GetObjectTagging'] : []),
  ],
} as const;

interface ObjectOptions extends Through {
  readonly tags?: Readonly<Record<string, string>>;
  /** Asks for encryption with S3's own keys. Without it, S3 encrypts so too, but policies see no header. */
  readonly encryption?: 'AES256';
  /** A KMS key of the scenario, with which S3 encrypts the object. */
  readonly kmsKey?: string;
}
interface BucketOptions extends Through {
  readonly prefix?: string;
  readonly keys?: readonly string[];
}

const atPlace = (name: string, fields: { readonly readOnly?: true }) =>
  defineWorkloadOperation(name, (at: string, options: ObjectOptions = {}) => ({ at, ...options }), {
    ...common,
    ...fields,
    form: {
      at: text,
      tags: opt(textMap),
      encryption: opt(literal('AES256')),
      kmsKey: opt(text),
      through: opt(chainStep),
    },
    refersTo: ({ at, kmsKey }) => ({ buckets: [at.split('/')[0]], keys: [kmsKey] }),
    *check({ tags, encryption, kmsKey }) {
      if (name !== 'PutObject' && (tags ?? encryption ?? kmsKey) !== undefined)
        yield `${name} has "tags", "encryption" or "kmsKey", but only PutObject sends them`;
      if (encryption !== undefined && kmsKey !== undefined)
        yield `${name} has "encryption" and "kmsKey", but S3 encrypts in one way: leave out one of them`;
    },
    describe: (operation, say) => [
      `s3://${say.place(operation.at)}`,
      tagWords(operation.tags, say),
      [operation.encryption, operation.kmsKey].map((one) => (one === undefined ? '' : `encrypted by ${one}`)).join(''),
      throughWords(operation, say),
    ],
    toProgram: ({ at, through, kmsKey, ...rest }, { names }) => ({
      ...names.expandAll(rest),
      ...(kmsKey !== undefined && { encryption: 'aws:kms', kmsKeyId: names.keyArn(kmsKey) }),
      ...(through && { through: stepToProgram(names, through) }),
      ...names.place(at),
    }),
  });

const ofBucket = (name: string, fields: { readonly readOnly?: true }) =>
  defineWorkloadOperation(name, (bucket: string, options: BucketOptions = {}) => ({ bucket, ...options }), {
    ...common,
    ...fields,
    form: { bucket: text, prefix: opt(text), keys: opt(texts), through: opt(chainStep) },
    refersTo: ({ bucket }) => ({ buckets: [bucket] }),
    describe: (operation, say) => [
      `s3://${say.bucket(operation.bucket)}`,
      operation.prefix === undefined ? '' : `with prefix ${say.text(operation.prefix)}`,
      (operation.keys ?? []).map((key) => say.text(key)).join(', '),
      throughWords(operation, say),
    ],
    toProgram: ({ through, ...operation }, { names }) => ({
      ...names.expandAll(operation),
      ...(through && { through: stepToProgram(names, through) }),
      bucket: names.bucket(operation.bucket),
    }),
  });

type Builder = (place: string, options?: Through) => WorkloadOperation;
export const getObject: Builder = atPlace('GetObject', { readOnly: true });
export const headObject: Builder = atPlace('HeadObject', { readOnly: true });
export const getObjectTagging: Builder = atPlace('GetObjectTagging', { readOnly: true });
export const putObject = atPlace('PutObject', {});
export const deleteObject: Builder = atPlace('DeleteObject', {});
export const listObjects = ofBucket('ListObjectsV2', { readOnly: true });
export const headBucket: Builder = ofBucket('HeadBucket', { readOnly: true });
const ofSeveral = ofBucket('DeleteObjects', {});
/** One call for several objects of a bucket. */
export const deleteObjects = (bucket: string, keys: readonly string[], options: Through = {}): WorkloadOperation =>
  ofSeveral(bucket, { keys, ...options });
