/** A handler for each operation. Probe programs in other languages have the same table. */
import type { ClientOperation } from '../../foundation/protocols/client-protocol.ts';
import type {
  PlannedClient,
  ProbeOperation,
  ProbeResult,
  ProjectedToken,
} from '../../foundation/protocols/probe-protocol.ts';
import { Lateness, ON_TIME_MILLISECONDS } from '../../foundation/node/lateness.ts';
import { runOperation, type OperationClient } from './operations.ts';
import { awaitTokenRotation, connectTo, readFile, tokenClaims } from './pod.ts';
import { assumeRoleWithWebIdentity, fetchCredentials } from './raw.ts';

interface HandlerContext {
  readonly tokens: ReadonlyMap<ProjectedToken, string>;
  /** Loads the SDK on first use, for fast starts, and only once, because it caches the pod's credentials. */
  readonly client: () => Promise<OperationClient>;
  readonly planned?: PlannedClient | undefined;
}

/** The operation with a name; several names may share one type. */
type Named<Operation, Name> = Operation extends { readonly do: infer Names }
  ? Name extends Names
    ? Operation
    : never
  : never;

type Handler<Operation> = (operation: Operation, context: HandlerContext) => ProbeResult | Promise<ProbeResult>;

/** Adds the event-loop delay to refused results, because a timeout may be the cause. */
async function withLateness(perform: () => Promise<ProbeResult>): Promise<ProbeResult> {
  const late = new Lateness();
  const result = await perform().finally(() => late.stop());
  const { milliseconds } = late;
  if (result.outcome !== 'refused' || milliseconds < ON_TIME_MILLISECONDS) return result;
  return { ...result, facts: { lateMilliseconds: milliseconds, ...result.facts } };
}

const withSdk: Handler<ClientOperation> = async (operation, { client }) => {
  const sdk = await client();
  return withLateness(() => runOperation(sdk, operation));
};

const HANDLERS: { readonly [Name in ProbeOperation['do']]: Handler<Named<ProbeOperation, Name>> } = {
  GetCallerIdentity: withSdk,
  AssumeRole: withSdk,
  AssumeRoleByProfile: withSdk,
  GetObject: withSdk,
  HeadObject: withSdk,
  DeleteObject: withSdk,
  GetObjectTagging: withSdk,
  PutObject: withSdk,
  ListObjectsV2: withSdk,
  HeadBucket: withSdk,
  DeleteObjects: withSdk,
  FetchCredentials: (operation) => withLateness(() => fetchCredentials(operation)),
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  ReadFile: readFile,
  Connect: connectTo,
  ReadToken: tokenClaims,
  AwaitTokenRotation: (operation, { tokens }) => awaitTokenRotation(operation, tokens.get(operation.token)),
  RunClient: async (operation, { planned }) => (await import('./client-run/run.ts')).runClient(operation, planned),
};

export const OPERATIONS: readonly string[] = Object.keys(HANDLERS);

export async function perform(operation: { readonly do: string }, context: HandlerContext): Promise<ProbeResult> {
  const handler = new Map<string, unknown>(Object.entries(HANDLERS)).get(operation.do) as Handler<unknown> | undefined;
  if (handler === undefined) throw new Error(`the probe program has no handler for ${operation.do}`);
  return handler(operation, context);
}
