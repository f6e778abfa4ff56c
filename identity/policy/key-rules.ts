import { splitArn } from './arn.ts';
import { principalContext } from './request.ts';
import type { AuthorizationInput } from './types.ts';

type Question = Pick<AuthorizationInput, 'principal' | 'resource' | 'resourceAccount' | 'context' | 'defaults'>;
/** Values by keys in lower case. */
type Values = ReadonlyMap<string, readonly string[]>;

/** A rule between condition keys. A request that lacks one of the keys conforms to the rule. */
interface KeyRule {
  readonly text: string;
  readonly holds: (values: Values, question: Question) => boolean;
}

const accountIn = (arn: string): string => splitArn(arn)?.[4] ?? '';
const lower = (texts: readonly string[] = []): ReadonlySet<string> => new Set(texts.map((text) => text.toLowerCase()));

function between(one: string, other: string, verb: string, holds: (first: string, second: string) => boolean): KeyRule {
  return {
    text: `${other} ${verb} ${one}`,
    holds: (values) => {
      const [first, second] = [one, other].map((key) => values.get(key.toLowerCase())?.[0]);
      return first === undefined || second === undefined || holds(first, second);
    },
  };
}

/** A resource without an account in its ARN, such as a bucket, may belong to any. */
const isOwnedBy = (arn: string, account: string): boolean => ['', account].includes(accountIn(arn));

const clusterTag = (prefix: string): KeyRule =>
  between(
    `${prefix}/eks-cluster-arn`,
    `${prefix}/eks-cluster-name`,
    'is the name in',
    (arn, name) => !arn.startsWith('arn:') || arn.endsWith(`:cluster/${name}`),
  );

/** Which values of condition keys exclude each other (IAM User Guide, "AWS global condition context keys"). */
const RULES: readonly KeyRule[] = [
  between('aws:PrincipalArn', 'aws:PrincipalAccount', 'is the account in', (arn, id) => accountIn(arn) === id),
  between('aws:SourceArn', 'aws:SourceAccount', 'is the account in', isOwnedBy),
  between('aws:ResourceAccount', 's3:ResourceAccount', 'equals', (one, other) => one === other),
  between(
    'aws:CurrentTime',
    'aws:EpochTime',
    'is the time of',
    (time, seconds) => Math.floor(Date.parse(time) / 1000) === Number(seconds),
  ),
  between('aws:SourceVpce', 'aws:SourceIp', 'is absent with', () => false),
  clusterTag('aws:RequestTag'),
  clusterTag('aws:PrincipalTag'),
  {
    text: 'aws:TagKeys lists the keys of aws:RequestTag',
    holds: (values) => {
      const listed = values.get('aws:tagkeys');
      const tags = [...values.keys()].flatMap((key) => /^aws:requesttag\/(.*)$/s.exec(key)?.[1] ?? []);
      // A request that removes tags has only their keys.
      if (listed === undefined || tags.length === 0) return true;
      return listed.length === tags.length && tags.every((key) => lower(listed).has(key));
    },
  },
  {
    text: 'aws:TagKeys lists the keys of sts:TransitiveTagKeys',
    holds: (values) => {
      const all = values.get('aws:tagkeys');
      return !all || [...lower(values.get('sts:transitivetagkeys'))].every((key) => lower(all).has(key));
    },
  },
  {
    text: 'the sub of a service account has the form system:serviceaccount:NAMESPACE:NAME',
    holds: (values) =>
      [...values]
        .filter(([key]) => /\..*:sub$/.test(key))
        .every(([, [sub = '']]) => !sub.startsWith('system:') || sub.split(':').length === 4),
  },
  {
    text: 'the account in the ARN of the resource is aws:ResourceAccount',
    holds: (values, { resource }) => isOwnedBy(resource, values.get('aws:resourceaccount')?.[0] ?? accountIn(resource)),
  },
];

/** Returns the rules that a question's context breaks. No request to AWS has such a context. */
export function brokenKeyRules(question: Question): readonly string[] {
  const { principal, resourceAccount, context, defaults = [] } = question;
  const own = {
    ...principalContext(principal),
    ...(resourceAccount !== '' && { 'aws:ResourceAccount': resourceAccount }),
  };
  const values = new Map<string, readonly string[]>();
  for (const keys of [own, ...[...defaults].reverse(), context])
    for (const [key, value] of Object.entries(keys)) values.set(key.toLowerCase(), [value].flat());
  return RULES.filter(({ holds }) => !holds(values, question)).map(({ text }) => text);
}
