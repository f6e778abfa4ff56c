import { associationOf } from '../../scenario/parts.ts';
import type { Attempt } from '../../predict/attempt.ts';
import type { Candidate } from './candidate.ts';
import { audienceOf, roleOf, subjectOf } from '../../predict/grant.ts';

/** Which pods a changed answer concerns besides those of the attempt, by the source of the difference. */
export type Breadth = 'one' | 'every' | { readonly startsWith: string };
export type NamedSource = 'namespace' | 'serviceAccount';

/** Says in words what a change lets pods do, or keeps them from. */
export function sentenceOf(
  candidate: Candidate,
  breadth: (source: NamedSource) => Breadth,
  isAllowed: boolean,
): string {
  const { workload, changed, through } = candidate;
  const { cluster, ...names } = subjectOf(workload);
  const name = (source: NamedSource, noun: string): string => {
    const which = changed.includes(source) ? breadth(source) : 'one';
    if (which === 'every') return `every ${noun}`;
    return which === 'one'
      ? `${noun} \`${names[source]}\``
      : `every ${noun} whose name starts with \`${which.startsWith}\``;
  };
  const tags = associationOf(workload)?.disableSessionTags === true ? 'without' : 'with';
  return [
    `pods of ${name('serviceAccount', 'service account')} in ${name('namespace', 'namespace')}`,
    changed.includes('cluster') && `of another cluster (${cluster})`,
    changed.includes('tags') && `${tags} session tags`,
    changed.includes('audience') && `with audience ${audienceOf(workload) ?? ''}`,
    changed.includes('context') && `with the request context ${JSON.stringify(workload.context ?? {})}`,
    /^intruder-/.test(roleOf(workload) ?? '') && 'with any other role that has the permission',
    through !== undefined && `through role \`${through.role}\``,
    candidate.call.do !== 'credentials' && 'may',
    isAllowed || 'no longer',
    actionWords(candidate),
  ]
    .filter((words) => typeof words === 'string')
    .join(' ');
}

function actionWords({ call, workload }: Attempt): string {
  const tagWords = (tags: object | undefined): string =>
    tags === undefined ? '' : ` with tags ${JSON.stringify(tags)}`;
  switch (call.do) {
    case 'credentials':
      return `get the role \`${roleOf(workload) ?? ''}\`${workload.irsa === undefined ? '' : ' by web identity'}`;
    case 'assumeRole': {
      const { role, externalId, tags } = call.step;
      return `assume role \`${role}\`${externalId === undefined ? '' : ` with external id \`${externalId}\``}${tagWords(tags)}`;
    }
    case 'listObjects':
      return `list \`${call.bucket}\` ${call.prefix === undefined ? 'without a prefix' : `with prefix \`${call.prefix}\``}`;
    case 'authorize':
      return `call \`${call.action}\` on \`${call.resource}\`${call.context === undefined ? '' : ` with ${JSON.stringify(call.context)}`}`;
    default:
      return `${VERBS[call.do]} \`${call.at}\`${tagWords(call.tags)}`;
  }
}

const VERBS = {
  ...{ getObject: 'read', putObject: 'write', deleteObject: 'delete', getObjectTagging: 'read the tags of' },
} as const;
