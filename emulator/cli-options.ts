import { parseArgs } from 'node:util';
import { DEFAULT_ACCOUNT_ID } from './core/new-world.ts';

/** What `npm run emulator` can be told. Undefined: the emulator's default. */
export interface CommandOptions {
  readonly help: boolean;
  /** Undefined: where the clusters reach it. */
  readonly host: string | undefined;
  readonly port: number;
  readonly accountId: string | undefined;
  readonly secondAccount: string | undefined;
  readonly region: string | undefined;
  readonly administrator: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  readonly seed: string | undefined;
  readonly clusters: 'embedded' | 'kind' | 'none';
  readonly s3Endpoint: string | undefined;
  readonly kindImage: string | undefined;
  readonly imageBase: string | undefined;
  readonly timing: 'instant' | 'aws';
  readonly pace: number;
}

/** Wrong usage; the message is one sentence that says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const FLAGS = {
  host: { type: 'string' },
  port: { type: 'string' },
  'account-id': { type: 'string' },
  'second-account': { type: 'string' },
  region: { type: 'string' },
  'access-key-id': { type: 'string' },
  'secret-access-key': { type: 'string' },
  seed: { type: 'string' },
  clusters: { type: 'string' },
  's3-endpoint': { type: 'string' },
  'kind-image': { type: 'string' },
  'image-base': { type: 'string' },
  timing: { type: 'string' },
  pace: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const HELP = `Usage: npm run emulator -- [options]

Serves S3, IAM, STS, EKS and EKS Auth on one loopback port until it is interrupted. The first line on standard output is
one JSON object: endpoint, region, accountId, accessKeyId and secretAccessKey (an administrator's key).

  --port N                 port to listen on; 0 takes any free one (default: 0)
  --host ADDRESS           address to bind (default: 127.0.0.1; with --clusters kind, where its nodes reach this machine)
  --account-id ID          the account, 12 digits (default: 111122223333)
  --second-account ID      a further account, 12 digits; the JSON object then also has secondAccount: accountId,
                           accessKeyId and secretAccessKey of its administrator
  --region REGION          the region (default: us-west-2)
  --access-key-id ID       the administrator's access key id (default: random at each start)
  --secret-access-key KEY  its secret; belongs to --access-key-id
  --seed TEXT              makes ids that need not be secret the same at each start
  --clusters KIND          embedded: CreateCluster starts a Kubernetes cluster in this process; kind: one in Docker; none:
                           it only keeps the record (default: embedded)
  --s3-endpoint URL        another S3 that holds buckets and objects, while the emulator decides who may do what; its key
                           is $CONFORMANCE_S3_ACCESS_KEY_ID and $CONFORMANCE_S3_SECRET_ACCESS_KEY (default: test, test)
  --kind-image IMAGE       kind: node image (default: the kindest/node that the installed kind pins)
  --image-base IMAGE       kind: what the images of agent, webhook and workload are built from (see docs/kind.md)
  --timing WORD            instant: calls answer when they are done; aws: the emulator takes its time, propagates changes
                           late and throttles as AWS does (default: instant)
  --pace N                 with --timing aws: how many times faster than AWS, 1 or more (default: 1)
  --help                   print this

Exit codes: 0 after SIGTERM, 130 after SIGINT, 2 wrong usage, 3 the address cannot be bound or clusters cannot be had.
`;

/** @throws UsageError */
export function readOptions(argv: readonly string[]): CommandOptions {
  checkFlags(argv);
  let values: Partial<Record<keyof typeof FLAGS, string | boolean>>;
  try {
    ({ values } = parseArgs({ args: [...argv], options: FLAGS, strict: true, allowPositionals: false }));
  } catch (error) {
    throw new UsageError(firstSentence(error));
  }
  const text = (name: keyof typeof FLAGS): string | undefined => {
    const value = values[name];
    if (value === '') throw new UsageError(`--${name} must not be empty.`);
    return typeof value === 'string' ? value : undefined;
  };
  const accountId = accountOf('account-id', text('account-id'));
  const secondAccount = accountOf('second-account', text('second-account'));
  if (secondAccount !== undefined && secondAccount === (accountId ?? DEFAULT_ACCOUNT_ID))
    throw new UsageError(`--second-account must be another account than the first, not ${secondAccount} again.`);
  const clusters = oneOf('clusters', text('clusters') ?? 'embedded', ['embedded', 'kind', 'none']);
  const timing = oneOf('timing', text('timing') ?? 'instant', ['instant', 'aws']);
  const options = {
    help: values.help === true,
    host: text('host'),
    port: portOf(text('port') ?? '0'),
    accountId,
    secondAccount,
    region: matching('region', text('region'), /^[a-z]{2,3}(?:-[a-z]+)+-\d{1,2}$/, 'a region, such as us-west-2'),
    administrator: administratorOf(text('access-key-id'), text('secret-access-key')),
    seed: text('seed'),
    clusters,
    s3Endpoint: s3EndpointOf(text('s3-endpoint')),
    kindImage: text('kind-image'),
    imageBase: text('image-base'),
    timing,
    pace: paceOf(text('pace') ?? '1'),
  };
  // What would not be heeded is refused, so that nobody relies on it.
  for (const flag of ['kind-image', 'image-base'] as const)
    if (values[flag] !== undefined && clusters !== 'kind')
      throw new UsageError(`--${flag} is for kind clusters: add --clusters kind, or leave it out.`);
  if (values.pace !== undefined && timing !== 'aws')
    throw new UsageError('--pace is for an emulator that takes its time: add --timing aws, or leave it out.');
  return options;
}

function checkFlags(argv: readonly string[]): void {
  for (const argument of argv) {
    if (argument === '--') return;
    const flag = /^--([^=]+)/.exec(argument)?.[1];
    if (flag === undefined || Object.hasOwn(FLAGS, flag)) continue;
    throw new UsageError(`--${flag} is not an option; ${suggestion(flag)}`);
  }
}

function suggestion(flag: string): string {
  const [nearest] = Object.keys(FLAGS)
    .map((name) => ({ name, distance: editDistance(flag, name) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest !== undefined && nearest.distance <= Math.max(2, flag.length / 3)
    ? `did you mean --${nearest.name}?`
    : 'see --help for those there are.';
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not "${text}".`);
  }
  return port;
}

function matching(flag: string, value: string | undefined, pattern: RegExp, what: string): string | undefined {
  if (value !== undefined && !pattern.test(value)) throw new UsageError(`--${flag} must be ${what}, not "${value}".`);
  return value;
}

function administratorOf(accessKeyId: string | undefined, secretAccessKey: string | undefined) {
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new UsageError('--access-key-id and --secret-access-key must be given together.');
  }
  // No slash, since the id stands in the credential scope, whose parts slashes divide.
  if (!/^\w{16,128}$/.test(accessKeyId)) {
    throw new UsageError('--access-key-id must be 16 to 128 letters and digits.');
  }
  return { accessKeyId, secretAccessKey };
}

function s3EndpointOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text may hold a password, so it is quoted only where it cannot be one.
  if (url === undefined || url.username !== '' || url.password !== '' || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError('--s3-endpoint must be a URL without user and password, such as http://127.0.0.1:9000.');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new UsageError(`--s3-endpoint must end after host and port: give ${url.origin}.`);
  return url.origin;
}

function accountOf(flag: string, value: string | undefined): string | undefined {
  return matching(flag, value, /^\d{12}$/, '12 digits, such as 111122223333');
}

function oneOf<Word extends string>(flag: string, text: string, words: readonly [...Word[], Word]): Word {
  const word = words.find((each) => each === text);
  if (word !== undefined) return word;
  const quoted = words.map((each) => `"${each}"`);
  throw new UsageError(`--${flag} must be ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}, not "${text}".`);
}

function paceOf(text: string): number {
  const pace = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || pace < 1 || !Number.isFinite(pace))
    throw new UsageError(`--pace must be a number of 1 or more, not "${text}".`);
  return pace;
}

function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : 'The arguments cannot be read.';
  const sentence = message.split(/\n|\. /)[0] ?? message;
  return sentence.endsWith('.') ? sentence : `${sentence}.`;
}
