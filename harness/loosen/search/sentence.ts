import { associationOf } from '../../scenario/parts.ts';
import type { WorkloadSpec } from '../../scenario/spec.ts';
import type { Assumption, Attempt } from './attempt.ts';
import { INTRUDER, roleOf, type Candidate } from './candidates.ts';

/** Which pods a changed answer concerns besides those of the attempt, by the source of the difference. */
export type Breadth = 'one' | 'every' | { readonly startsWith: string };

/** Says in words what a change lets pods do, or keeps them from. */
export function sentenceOf(
  candidate: Candidate,
  breadth: (source: 'namespace' | 'serviceAccount') => Breadth,
  isAllowed: boolean,
): string {
  const { workload, changed } = candidate;
  const { namespace = 'app', serviceAccount = 'app', cluster = 'c1' } = workload;
  const name = (source: 'namespace' | 'serviceAccount', noun: string, value: string): string => {
    const found = changed.includes(source) ? breadth(source) : 'one';
    if (found === 'every') return `every ${noun}`;
    return found === 'one' ? `${noun} \`${value}\`` : `every ${noun} whose name starts with \`${found.startsWith}\``;
  };
  const pods = [
    `pods of ${name('serviceAccount', 'service account', serviceAccount)}`,
    `in ${name('namespace', 'namespace', namespace)}`,
    ...(changed.includes('cluster') ? [`of another cluster (${cluster})`] : []),
    ...tagWords(candidate),
    ...(changed.includes('audience')
      ? [`with audience ${workload.serviceAccountAnnotations?.['audience'] ?? ''}`]
      : []),
    ...(roleOf(workload) === INTRUDER ? [`with any other role that has the permission`] : []),
    ...(candidate.through === undefined ? [] : [`through role \`${candidate.through.role}\``]),
  ].join(' ');
  const may = isAllowed ? 'may' : 'may no longer';
  return `${pods} ${actionWords(candidate, workload, may, isAllowed)}`;
}

const tagWords = ({ workload, changed }: Candidate): readonly string[] =>
  changed.includes('tags')
    ? [associationOf(workload)?.disableSessionTags === true ? 'without session tags' : 'with session tags']
    : [];

function actionWords({ call }: Attempt, workload: WorkloadSpec, may: string, isAllowed: boolean): string {
  switch (call.do) {
    case 'credentials':
      return `${isAllowed ? 'get' : 'no longer get'} the role \`${roleOf(workload) ?? ''}\`${workload.irsa === undefined ? '' : ' by web identity'}`;
    case 'assumeRole':
      return `${may} assume role \`${call.step.role}\` ${stepWords(call.step)}`.trimEnd();
    case 'listObjects':
      return `${may} list \`${call.bucket}\` ${call.prefix === undefined ? 'without a prefix' : `with prefix \`${call.prefix}\``}`;
    default:
      return `${may} ${VERBS[call.do]} \`${call.at}\`${call.tags === undefined ? '' : ` with tags ${JSON.stringify(call.tags)}`}`;
  }
}

const stepWords = ({ externalId, tags }: Assumption): string =>
  [
    externalId === undefined ? '' : `with external id \`${externalId}\``,
    tags === undefined ? '' : `with tags ${JSON.stringify(tags)}`,
  ]
    .filter((text) => text !== '')
    .join(' ');

const VERBS = {
  getObject: 'read',
  putObject: 'write',
  deleteObject: 'delete',
  getObjectTagging: 'read the tags of',
} as const;
