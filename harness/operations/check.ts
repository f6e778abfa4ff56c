import { checkedLater } from '../scenario/form.ts';
import type { S3ServiceException } from '@aws-sdk/client-s3';
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import { basename } from 'node:path';
import { AssertionError, config } from 'chai';
import type { ProbeOutcome } from '../results/results.ts';
import { poll } from '../../foundation/node/poll.ts';
import { isAwsItself } from '../aws-target/capabilities.ts';
import { shown } from '../scenario/checks.ts';
import type { AccountAlias, ClusterAlias } from '../scenario/policy.ts';
import type { ProbeStep } from '../scenario/spec.ts';
import { clusterOf, type ScenarioContext } from '../scenario/scenario-context.ts';
import { assertionText } from './assertion-text.ts';
import { succeeds } from './expectations.ts';
import { defineHarnessOperation } from '../scenario/operation-registry.ts';

// Whole values in the messages of failed assertions.
config.truncateThreshold = 0;

/** Settings of an AWS SDK client: `new S3Client(await aws('s3'))`. */
export interface AwsClientSettings {
  readonly region: string;
  /** Undefined for AWS itself. */
  readonly endpoint?: string;
  /** Credentials of the harness, an administrator of the account. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** S3: whether the bucket is in the path. */
  readonly forcePathStyle: boolean;
  /** High, because concurrent scenarios share the rate limits of IAM and EKS. */
  readonly maxAttempts: number;
}

export interface KubernetesRequest {
  readonly method?: string;
  /** For example `/api/v1/namespaces/<name>/pods`. */
  readonly path: string;
  readonly body?: unknown;
  /** For example `Impersonate-User`; a header with several values is sent several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Sends no credentials except those in `headers`. */
  readonly as?: 'anonymous';
}

/** The argument of a check: access to the scenario after the earlier probes. */
export interface CheckContext {
  readonly scenario: string;
  /** Replaces names in angle brackets by real ones: `<namespace:red>`, `<bucket:data>`, `<role:app>`. */
  readonly name: (text: string) => string;
  readonly outcomes: readonly ProbeOutcome[];
  readonly aws: (service: 's3' | 'iam' | 'sts' | 'eks', account?: AccountAlias) => Promise<AwsClientSettings>;
  /** Sends a request to a cluster's API server, by default as its administrator. Returns answers of any status. */
  readonly kubernetes: (
    request: KubernetesRequest,
    cluster?: ClusterAlias,
  ) => Promise<{ readonly status: number; readonly body: string }>;
  /** A token for a cluster's API server, as `aws eks get-token` makes it. Default credentials: the harness's. */
  readonly clusterToken: (cluster?: ClusterAlias, credentials?: AwsClientSettings['credentials']) => Promise<string>;
  /**
   * Calls `look` until `holds` accepts its result, or for `seconds` (default 30; 15 with an embedded cluster and
   * emulator), with at least two calls per three seconds. Resolves with the last result.
   */
  readonly eventually: <T>(look: () => Promise<T>, holds: (seen: T) => boolean, seconds?: number) => Promise<T>;
  /** Fires when the scenario times out or the run is interrupted. */
  readonly signal: AbortSignal;
}

const ofCheck = defineHarnessOperation(
  'Check',
  (title: string, run: (context: CheckContext) => unknown) => ({ title, run }),
  {
    form: { title: checkedLater, run: checkedLater },
    standsAlone: true,
    *check({ title, run }) {
      if (typeof title !== 'string' || title.trim() === '')
        yield `the title of check is ${shown(title ?? null)}, but must be a sentence about what it asserts`;
      if (typeof run !== 'function')
        yield `the second argument of check is ${shown(run ?? null)}, but must be a function`;
    },
    describe: ({ title }) => [title],
    // Many wait for something in the cluster.
    waitSeconds: () => 1,
    reason: ({ message }) => message,
    perform: async (context, { run }) => {
      try {
        await run(contextOf(context));
        return { outcome: 'granted' };
      } catch (error) {
        const thrown = error instanceof Error ? error : new Error(String(error));
        const { name, message, stack = '' } = thrown;
        if (isAssertion(error))
          return { outcome: 'refused', message: `${assertionText(thrown)}${placeIn(stack, context.scenario.file)}` };
        const tries = attemptsIn(context);
        if (isFailure(error, tries) && !isAwsItself(context.environment.aws))
          return { outcome: 'refused', message: `${name} at each of ${tries} tries: ${message}` };
        return { outcome: 'error', message: name === 'Error' ? message : `${name}: ${message}` };
      }
    },
  },
);

/**
 * Adds a custom probe, which runs after all earlier probes. An AssertionError of `run` (chai's or Node's) fails the
 * scenario; any other error is an error of the scenario.
 */
export const check = (title: string, run: (context: CheckContext) => unknown): ProbeStep =>
  succeeds(ofCheck(title, run));

/** Returns the assertion's line in the suite file, if the stack has it. Lines of the package's built suites come from source maps. */
function placeIn(stack: string, file: string): string {
  const name = basename(file);
  const built = `/${file.replace(/ts$/, 'js')}:`;
  const frame = stack.split('\n').find((one) => one.includes(`/${name}`) || one.includes(built)) ?? '';
  const [, path = '', line, column] = /(\/.*):(\d+):(\d+)\)?$/.exec(frame) ?? [];
  if (path === '') return '';
  const at = [Number(line) - 1, Number(column) - 1] as const;
  const map = `${path}.map`;
  const { originalLine = at[0] }: Partial<SourceMapping> = existsSync(map)
    ? new SourceMap(JSON.parse(readFileSync(map, 'utf8')) as SourceMapPayload).findEntry(...at)
    : {};
  return ` (${name}:${originalLine + 1})`;
}

/** Default seconds of `eventually`, longer if cluster or AWS are outside this process. */
const patienceIn = ({ environment: { aws, clusters } }: ScenarioContext): number =>
  aws.controls !== undefined && [...clusters.values()].every(({ onThisMachine }) => onThisMachine) ? 15 : 30;

/** Minimum number of calls per second, so that a busy machine gets more time. */
const LOOKS_PER_SECOND = 2 / 3;

/** Enough for an AWS that throttles for half a minute or more; one in this process does not throttle. */
const attemptsIn = ({ environment: { aws } }: ScenarioContext): number => (aws.controls === undefined ? 12 : 5);

const isAssertion = (error: unknown): boolean =>
  error instanceof AssertionError || (error instanceof Error && error.name.startsWith('AssertionError'));

/** Whether a service failed at each attempt (500, "InternalFailure" in the common errors of AWS's references). */
function isFailure(error: unknown, tries: number): boolean {
  const { $metadata } = (error ?? {}) as Partial<Pick<S3ServiceException, '$metadata'>>;
  return $metadata?.httpStatusCode === 500 && $metadata.attempts === tries;
}

const contextOf = (context: ScenarioContext): CheckContext => ({
  scenario: context.scenario.id,
  name: (text) => context.names.expand(text),
  outcomes: [...context.outcomes],
  aws: async (service, account = 'main') => {
    const { config } = context.environment.aws.clients(account)[service];
    const endpoint = await config.endpoint?.();
    const { accessKeyId, secretAccessKey, sessionToken } = await config.credentials();
    return {
      region: await config.region(),
      ...(endpoint && {
        endpoint: `${endpoint.protocol}//${endpoint.hostname}${endpoint.port === undefined ? '' : `:${endpoint.port}`}${endpoint.path.replace(/\/$/, '')}`,
      }),
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
      forcePathStyle: endpoint !== undefined,
      maxAttempts: attemptsIn(context),
    };
  },
  kubernetes: async (request, cluster = 'c1') => {
    const answer = await clusterOf(context, cluster).kubernetes.raw(request);
    return { status: answer.status, body: answer.body };
  },
  clusterToken: (cluster = 'c1', credentials) =>
    context.environment.aws.clusterToken(clusterOf(context, cluster).cluster.name, credentials),
  eventually: async (look, holds, seconds = patienceIn(context)) => {
    const end = performance.now() + seconds * 1000;
    let looks = 0;
    const looked = async () => {
      const seen = await look();
      looks += 1;
      return holds(seen) || (looks >= seconds * LOOKS_PER_SECOND && performance.now() >= end) ? { seen } : undefined;
    };
    const what = 'the condition of a check';
    return (await poll(looked, { every: 200, longest: 1000, signal: context.signal, what })).seen;
  },
  signal: context.signal,
});
