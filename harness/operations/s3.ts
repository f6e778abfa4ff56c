/** Operations of S3. Places are `<bucket>/<key>` with the scenario's short bucket name. */
import type { AssumeRoleStep } from '../../foundation/probe-protocol.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import type { Wording } from './descriptor.ts';
import { defineWorkloadOperation } from './registry.ts';

interface Through {
  /** Another role, assumed from the workload's session, makes the operation. */
  readonly through?: AssumeRoleStep;
}

const throughWords = ({ through }: Through, say: Wording): string =>
  through === undefined ? '' : `through ${say.text(through.roleArn)}`;

const MOST_TAGS_TOLD = 8;

/** Tags in words: `with tags team=red`. */
export function tagWords(tags: Readonly<Record<string, string>> | undefined, say: Wording): string {
  if (tags === undefined) return '';
  const told = Object.entries(tags).map(([key, value]) => `${key}=${say.text(value)}`);
  return told.length > MOST_TAGS_TOLD ? `with ${told.length} tags` : `with tags ${told.join(', ')}`;
}

const common = {
  usesS3: true,
  throughSdk: true,
  assumes: ({ through }: Through) => through?.roleArn,
} as const;

interface ObjectOptions extends Through {
  readonly tags?: Readonly<Record<string, string>>;
}
interface BucketOptions extends Through {
  readonly prefix?: string;
}

const atPlace = (name: string, said: { readonly readOnly?: true }) =>
  defineWorkloadOperation(name, (at: string, options: ObjectOptions = {}) => ({ at, ...options }), {
    ...common,
    ...said,
    describe: (operation, say) => [
      `s3://${say.place(operation.at)}`,
      tagWords(operation.tags, say),
      throughWords(operation, say),
    ],
    toProgram: ({ at, ...rest }, { names }) => ({ ...names.expandAll(rest), ...names.place(at) }),
  });

const ofBucket = (name: string) =>
  defineWorkloadOperation(name, (bucket: string, options: BucketOptions = {}) => ({ bucket, ...options }), {
    ...common,
    readOnly: true,
    describe: (operation, say) => [
      `s3://${say.bucket(operation.bucket)}`,
      operation.prefix === undefined ? '' : `with prefix ${say.text(operation.prefix)}`,
      throughWords(operation, say),
    ],
    toProgram: (operation, { names }) => ({ ...names.expandAll(operation), bucket: names.bucket(operation.bucket) }),
  });

type Builder = (place: string, options?: Through) => WorkloadOperation;
export const getObject: Builder = atPlace('GetObject', { readOnly: true });
export const headObject: Builder = atPlace('HeadObject', { readOnly: true });
export const getObjectTagging: Builder = atPlace('GetObjectTagging', { readOnly: true });
export const putObject = atPlace('PutObject', {});
export const deleteObject: Builder = atPlace('DeleteObject', {});
export const listObjects = ofBucket('ListObjectsV2');
export const headBucket: Builder = ofBucket('HeadBucket');
