/** Operations of S3. Places are `<bucket>/<key>` with the scenario's short bucket name. */
import type { AssumeRoleStep } from '../../foundation/probe-protocol.ts';
import type { WorkloadOperation } from '../scenario/spec.ts';
import type { ScenarioWorld } from '../world/world.ts';
import type { WorkloadDescriptor, Wording } from './descriptor.ts';
import { defineOperation } from './registry.ts';

interface Through {
  /** Another role, assumed from the workload's session, makes the operation. */
  readonly through?: AssumeRoleStep;
}

interface ObjectOperation extends WorkloadOperation, Through {
  readonly at: string;
}

interface PutObject extends ObjectOperation {
  readonly tags?: Readonly<Record<string, string>>;
}

interface BucketOperation extends WorkloadOperation, Through {
  readonly bucket: string;
  readonly prefix?: string;
}

export const getObject = (at: string, options: Through = {}): WorkloadOperation => atPlace('GetObject', at, options);
export const headObject = (at: string, options: Through = {}): WorkloadOperation => atPlace('HeadObject', at, options);
export const deleteObject = (at: string, options: Through = {}): WorkloadOperation =>
  atPlace('DeleteObject', at, options);
export const getObjectTagging = (at: string, options: Through = {}): WorkloadOperation =>
  atPlace('GetObjectTagging', at, options);
export const putObject = (at: string, options: Omit<PutObject, 'do' | 'at' | 'performedBy'> = {}): WorkloadOperation =>
  atPlace('PutObject', at, options);
export const listObjects = (bucket: string, options: Through & { readonly prefix?: string } = {}): WorkloadOperation =>
  ofBucket('ListObjectsV2', bucket, options);
export const headBucket = (bucket: string, options: Through = {}): WorkloadOperation =>
  ofBucket('HeadBucket', bucket, options);

const atPlace = (name: string, at: string, options: object): ObjectOperation => ({ do: name, at, ...options });
const ofBucket = (name: string, bucket: string, options: object): BucketOperation => ({ do: name, bucket, ...options });

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
  performedBy: 'workload',
  usesS3: true,
  throughSdk: true,
  assumes: ({ through }: Through) => through?.roleArn,
} as const satisfies Partial<WorkloadDescriptor<ObjectOperation & BucketOperation>>;

for (const [name, readOnly] of [
  ['GetObject', true],
  ['HeadObject', true],
  ['GetObjectTagging', true],
  ['PutObject', undefined],
  ['DeleteObject', undefined],
] as const)
  defineOperation<PutObject>({
    ...common,
    name,
    ...(readOnly && { readOnly }),
    describe: (operation, say) => [
      `s3://${say.place(operation.at)}`,
      tagWords(operation.tags, say),
      throughWords(operation, say),
    ],
    toProgram: ({ at, ...rest }: PutObject, { names }: ScenarioWorld) => ({
      ...names.expandAll(rest),
      ...names.place(at),
    }),
  });

for (const name of ['ListObjectsV2', 'HeadBucket'])
  defineOperation<BucketOperation>({
    ...common,
    name,
    readOnly: true,
    describe: (operation, say) => [
      `s3://${say.bucket(operation.bucket)}`,
      operation.prefix === undefined ? '' : `with prefix ${say.text(operation.prefix)}`,
      throughWords(operation, say),
    ],
    toProgram: (operation: BucketOperation, { names }: ScenarioWorld) => ({
      ...names.expandAll(operation),
      bucket: names.bucket(operation.bucket),
    }),
  });
