/**
 * Each condition operator on a session tag, in each kind of policy that may have it, with Allow and Deny. `ROWS` and
 * `EFFECTS` hold the expectations, from the IAM User Guide. One statement guards one key of a bucket. The bucket has no
 * objects: S3 returns 404 if a session may read the key and list the bucket, and 403 otherwise.
 */
import {
  absent,
  allow,
  asSession,
  control,
  controlSucceeds,
  denied,
  deny,
  fails,
  forPrincipal,
  getObject,
  listObjects,
  podIdentityRole,
  putRolePolicy,
  suite,
  type AssociationSpec,
  type PermissionStatement,
  type ScenarioSpec,
  type Step,
} from '../../harness/index.ts';
import { OPERATORS, SAME_ACCOUNT } from '../lib/sources.ts';

/**
 * Values to compare a tag with: its own value, that value in another case, a pattern that matches it, and values that
 * do not match.
 */
interface Values {
  readonly same: string;
  readonly cased?: string;
  readonly like: string;
  readonly other: string;
  readonly unlike: string;
}
const ELSEWHERE = { other: 'elsewhere', unlike: 'else*' };
const ARN = 'eks-cluster-arn';
const SAME_FOR_ALL_PODS: Readonly<Record<string, Values>> = {
  'kubernetes-namespace': { same: '<namespace:app>', like: '*<namespace:app>', ...ELSEWHERE },
  'kubernetes-service-account': { same: 'reader', cased: 'READER', like: 'r*d?r', ...ELSEWHERE },
  'eks-cluster-name': { same: '<cluster:c1>', like: '<cluster:c1>*', ...ELSEWHERE },
  [ARN]: {
    same: '<cluster-arn:c1>',
    like: 'arn:aws:eks:*:*:cluster/<cluster:c1>',
    other: 'arn:aws:eks:us-west-2:111122223333:cluster/elsewhere',
    unlike: 'arn:aws:eks:*:*:cluster/<cluster:c1>-*',
  },
};
/** The last two are known once the pod of workload `app` exists. */
const TAGS: Readonly<Record<string, Values>> = {
  ...SAME_FOR_ALL_PODS,
  'kubernetes-pod-name': { same: '<pod:app>', like: '*<pod:app>', ...ELSEWHERE },
  'kubernetes-pod-uid': { same: '<pod-uid:app>', like: '????????-????-????-????-????????????', ...ELSEWHERE },
};
const KNOWN_EARLY = Object.keys(SAME_FOR_ALL_PODS);
/** Operator; values to compare with; whether it matches a session with the tag, and a session without it. */
type Row = readonly [operator: string, against: readonly (keyof Values)[], tagged: boolean, untagged: boolean];
const FITS = true;
const NOT = false;
const ROWS: readonly Row[] = [
  // "String condition operators": exact; a missing key matches only a negated operator.
  ['StringEquals', ['same'], FITS, NOT],
  ['StringEquals', ['like'], NOT, NOT],
  ['StringNotEquals', ['same'], NOT, FITS],
  ['StringNotEquals', ['like'], FITS, FITS],
  ['StringEqualsIgnoreCase', ['cased'], FITS, NOT],
  ['StringEqualsIgnoreCase', ['other'], NOT, NOT],
  ['StringNotEqualsIgnoreCase', ['cased'], NOT, FITS],
  ['StringNotEqualsIgnoreCase', ['other'], FITS, FITS],
  ['StringLike', ['like'], FITS, NOT],
  ['StringLike', ['unlike'], NOT, NOT],
  ['StringNotLike', ['like'], NOT, FITS],
  ['StringNotLike', ['unlike'], FITS, FITS],
  // "Amazon Resource Name (ARN) condition operators": ArnEquals and ArnLike behave identically.
  ['ArnEquals', ['like'], FITS, NOT],
  ['ArnEquals', ['other'], NOT, NOT],
  ['ArnNotEquals', ['like'], NOT, FITS],
  ['ArnNotEquals', ['unlike'], FITS, FITS],
  ['ArnLike', ['same'], FITS, NOT],
  ['ArnLike', ['unlike'], NOT, NOT],
  ['ArnNotLike', ['same'], NOT, FITS],
  ['ArnNotLike', ['other'], FITS, FITS],
  // "...IfExists condition operators": true if the key is not in the request.
  ['StringEqualsIfExists', ['same'], FITS, FITS],
  ['StringEqualsIfExists', ['other'], NOT, FITS],
  ['StringNotEqualsIfExists', ['same'], NOT, FITS],
  ['StringNotEqualsIfExists', ['other'], FITS, FITS],
  ['StringLikeIfExists', ['like'], FITS, FITS],
  ['StringLikeIfExists', ['unlike'], NOT, FITS],
  ['ArnLikeIfExists', ['like'], FITS, FITS],
  ['ArnLikeIfExists', ['unlike'], NOT, FITS],
  // "Set operators for multivalued context keys": without a key, ForAllValues is true and ForAnyValue false.
  ['ForAnyValue:StringEquals', ['other', 'same'], FITS, NOT],
  ['ForAnyValue:StringEquals', ['other'], NOT, NOT],
  ['ForAllValues:StringEquals', ['other', 'same'], FITS, FITS],
  ['ForAllValues:StringEquals', ['other'], NOT, FITS],
  ['ForAnyValue:StringLike', ['unlike', 'like'], FITS, NOT],
  ['ForAnyValue:StringLike', ['unlike'], NOT, NOT],
  ['ForAllValues:StringNotLike', ['unlike', 'like'], NOT, FITS],
  ['ForAllValues:StringNotLike', ['unlike'], FITS, FITS],
];
/** "Condition operator to check existence of condition keys": the value, then the same as in `ROWS`. */
const NULL_ROWS: readonly (readonly [value: string, tagged: boolean, untagged: boolean])[] = [
  ['true', NOT, FITS],
  ['false', FITS, NOT],
];
/** The condition of one statement, and whether it matches. */
interface Case {
  readonly operator: string;
  readonly key: string;
  readonly value: string | readonly string[];
  readonly matches: boolean;
}
/**
 * Returns a case for each row, for a session with or without the tags. Rows use the keys in turn; ARN operators use the
 * cluster's ARN.
 * @param turn index of the first key
 */
function casesOf(keys: readonly string[], turn: number, tagged: boolean): readonly Case[] {
  const keyOf = (operator: string, index: number): string =>
    operator.startsWith('Arn') ? ARN : (keys[(turn + Math.floor(index / 2)) % keys.length] ?? ARN);
  const cases = ROWS.map(([operator, against, withTag, withoutTag], index) => {
    const key = keyOf(operator, index);
    // Without the tag any value will do, and no pod needs to exist.
    const values = tagged || key === ARN ? TAGS[key] : SAME_FOR_ALL_PODS['kubernetes-namespace'];
    const value = against.map((which) => values?.[which] ?? values?.same ?? '');
    return { operator, key, value, matches: tagged ? withTag : withoutTag };
  });
  const nulls = NULL_ROWS.map(([value, withTag, withoutTag]) => {
    const key = keyOf('Null', ROWS.length);
    return { operator: 'Null', key, value, matches: tagged ? withTag : withoutTag };
  });
  return [...cases, ...nulls];
}
const by = (policy: 'identity' | 'resource' | 'session' | 'boundary', explicit: boolean) =>
  ({ by: 's3', code: 'AccessDenied', status: 403, policy, explicit }) as const;
/**
 * The denial, by place and effect of the statement. S3 reports a missing Allow for the policy type that lacks it; if
 * only a bucket policy could allow, it names the identity policies ("Access denied message examples", Amazon S3 User
 * Guide).
 */
const EFFECTS = {
  identity: { Allow: by('identity', false), Deny: by('identity', true) },
  bucket: { Allow: by('identity', false), Deny: by('resource', true) },
  boundary: { Allow: by('boundary', false), Deny: by('boundary', true) },
  session: { Allow: by('session', false), Deny: by('session', true) },
} as const;
type Place = keyof typeof EFFECTS;
type Effect = 'Allow' | 'Deny';
const READ = 's3:GetObject';
const list = allow('s3:ListBucket', 'data');
const everything = allow([READ, 's3:ListBucket'], ['data', 'data/*']);
/** S3 has authorized the request (Amazon S3 API Reference, GetObject, permissions). */
const AUTHORIZED = { by: 's3', code: 'NoSuchKey', status: 404 } as const;
const placeOf = (number: number): string => `data/${number}`;
/** Calls from the workload's pod or, if the policies exist beforehand, with the session that a pod would get. */
type Asked = 'in a pod' | 'as a pod';
/** Returns a statement and a probe for each case. A matching Allow grants the read, a matching Deny refuses it. */
function asserted(asked: Asked, workload: string, place: Place, effect: Effect, cases: readonly Case[], from = 0) {
  const make = effect === 'Allow' ? allow : deny;
  const statements: readonly PermissionStatement[] = cases.map(({ operator, key, value }, index) =>
    make(READ, placeOf(from + index), { [operator]: { [`aws:PrincipalTag/${key}`]: value } }),
  );
  const probes: readonly Step[] = cases.map(({ matches }, index) => {
    const read = getObject(placeOf(from + index));
    const authorized = matches === (effect === 'Allow');
    const answer = authorized ? AUTHORIZED : EFFECTS[place][effect];
    if (asked === 'as a pod') return fails(asSession(workload, read), answer);
    return authorized ? absent(workload, read, answer) : denied(workload, read, answer);
  });
  return { statements, probes };
}
const mayList = (workload: string): Step => controlSucceeds(asSession(workload, listObjects('data')));
/** Returns roles and buckets with which only the given statements decide. */
function worldOf(place: Exclude<Place, 'session'>, effect: Effect, statements: readonly PermissionStatement[]) {
  const others = effect === 'Deny' ? everything : list;
  if (place === 'identity') return { roles: { app: podIdentityRole(others, ...statements) } };
  if (place === 'boundary')
    return { roles: { app: { ...podIdentityRole(everything), boundary: [others, ...statements] } } };
  const policy = statements.map((one) => forPrincipal(effect === 'Allow' ? '<role:app>' : '*', one));
  return { roles: { app: podIdentityRole(others) }, buckets: { data: { policy } } };
}
const SOURCE = { source: `${OPERATORS}; ${SAME_ACCOUNT}` };
const workloadOf = (role: AssociationSpec | string) => ({ serviceAccount: 'reader', role });
const UNTAGGED = { role: 'app', disableSessionTags: true } as const;
/** Returns a scenario for sessions with or without the tags. */
function scenarioOf(
  place: Exclude<Place, 'session'>,
  effect: Effect,
  cases: readonly Case[],
  tagged: boolean,
): ScenarioSpec {
  const { statements, probes } = asserted('as a pod', 'app', place, effect, cases);
  return {
    ...SOURCE,
    ...(!tagged && { keywords: ['disableSessionTags'] }),
    buckets: { data: {} },
    ...worldOf(place, effect, statements),
    workloads: { app: workloadOf(tagged ? 'app' : UNTAGGED) },
    probes: [mayList('app'), ...probes],
  };
}
/** Returns a scenario for a pod's own tags. Their values are known once the pod exists, so the role gets its policy then. */
function ofPod(effect: Effect, cases: readonly Case[]): ScenarioSpec {
  const { statements, probes } = asserted('in a pod', 'app', 'identity', effect, cases);
  const first = effect === 'Allow' ? [list, allow(READ, 'data/first')] : [everything];
  return {
    ...SOURCE,
    roles: { app: podIdentityRole(...first) },
    workloads: { app: workloadOf('app') },
    objects: ['data/first'],
    probes: [control('app', getObject('data/first')), putRolePolicy('app', ...first, ...statements), ...probes],
  };
}
/** Statements that fit into a session policy's 2,048 characters (Amazon EKS User Guide, associations with a policy). */
const MOST_IN_SESSION_POLICY = 7;
/** Returns a scenario for session policies. They exclude session tags, so the role itself has tags with the same keys. */
function ofSession(effect: Effect, cases: readonly Case[]): ScenarioSpec {
  const parts = Array.from({ length: Math.ceil(cases.length / MOST_IN_SESSION_POLICY) }, (_part, index) => {
    const from = index * MOST_IN_SESSION_POLICY;
    const workload = `part${index + 1}`;
    return {
      workload,
      ...asserted('as a pod', workload, 'session', effect, cases.slice(from, from + MOST_IN_SESSION_POLICY), from),
    };
  });
  const otherStatements = effect === 'Deny' ? everything : list;
  return {
    ...SOURCE,
    buckets: { data: {} },
    roles: {
      app: {
        ...podIdentityRole(everything),
        tags: Object.fromEntries(Object.entries(SAME_FOR_ALL_PODS).map(([key, { same }]) => [key, same])),
      },
    },
    workloads: Object.fromEntries(
      parts.map(({ workload, statements }) => [
        workload,
        { serviceAccount: workload, role: { ...UNTAGGED, policy: [otherStatements, ...statements] } },
      ]),
    ),
    probes: parts.flatMap(({ workload, probes }) => [mayList(workload), ...probes]),
  };
}
/** Returns half of the cases of each operator: those whose value fits the tag (0), or the others (1). */
const half = (which: 0 | 1, cases: readonly Case[]): readonly Case[] =>
  cases.filter((_case, index) => index % 2 === which);
const PLACES = {
  identity: 'an identity policy',
  bucket: 'a bucket policy',
  boundary: 'a permissions boundary',
} as const;
/** Place and effect of a statement, and which half of each operator's cases it tests. */
const POLICIES = [
  ['identity', 'Allow', 0],
  ['identity', 'Deny', 1],
  ['bucket', 'Allow', 1],
  ['bucket', 'Deny', 0],
  ['boundary', 'Allow', 0],
  ['boundary', 'Deny', 1],
] as const;

suite('abac', ({ scenario }) => {
  type Titled = readonly [title: string, spec: ScenarioSpec];
  const placed = (effect: Effect, place: keyof typeof PLACES): string => `in ${effect} statements of ${PLACES[place]}`;
  const ALL = Object.keys(TAGS);
  const specs: readonly Titled[] = [
    [
      `each operator compares the pod's name ${placed('Allow', 'identity')}`,
      ofPod('Allow', casesOf(['kubernetes-pod-name'], 0, true)),
    ],
    [
      `each operator compares the pod's UID ${placed('Deny', 'identity')}`,
      ofPod('Deny', half(1, casesOf(['kubernetes-pod-uid'], 0, true))),
    ],
    ...POLICIES.filter(([place]) => place !== 'identity').map(([place, effect, which], turn): Titled => [
      `each operator compares session tags ${placed(effect, place)}`,
      scenarioOf(place, effect, half(which, casesOf(KNOWN_EARLY, turn, true)), true),
    ]),
    ...POLICIES.map(([place, effect, which], turn): Titled => [
      `each operator handles a missing session tag ${placed(effect, place)}`,
      scenarioOf(place, effect, half(which, casesOf(ALL, turn, false)), false),
    ]),
    ...(['Allow', 'Deny'] as const).map((effect, which): Titled => [
      `each operator compares the role's tags in ${effect} statements of a session policy`,
      ofSession(effect, half(which as 0 | 1, casesOf(KNOWN_EARLY, which, true))),
    ]),
  ];

  for (const [index, [title, spec]] of specs.entries())
    scenario(`AM-${String(index + 1).padStart(2, '0')}`, title, spec);
});
