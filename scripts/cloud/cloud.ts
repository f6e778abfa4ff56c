import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyVersionCommand,
} from '@aws-sdk/client-iam';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord, ClusterProvider, Emulator, EmulatorSettings } from '../../emulator/index.ts';
import { startWithWorld } from '../../emulator/start.ts';
import { emulatedAws } from '../../harness/aws-target/emulated.ts';
import type { AwsTarget } from '../../harness/aws-target/target.ts';
import { makeClusters } from '../../harness/engine/emulator-clusters.ts';
import type { HostedClusterType } from '../../clusters/interface/cluster-type.ts';
import { EMBEDDED } from '../../clusters/embedded/cluster-type.ts';
import { embeddedHost, type EmbeddedHostOptions } from '../../clusters/embedded/host.ts';
import type { Job } from './outside.ts';
import { accountOf } from './generalize.ts';
import { inventoryOf } from './inventory.ts';

export interface RehearsalOptions {
  readonly settings?: Partial<EmulatorSettings>;
  /** Identity policy of the job's role as JSON. Default: allow everything. */
  readonly policy?: string;
  /** Wraps the cluster provider, so that a test can inject failures. */
  readonly wrap?: (provider: ClusterProvider) => ClusterProvider;
  /** Other clusters than embedded ones, with their flags. */
  readonly hosted?: { readonly type: HostedClusterType; readonly flags: readonly string[] };
  /** Additional options of embedded clusters. */
  readonly clusters?: Pick<EmbeddedHostOptions, 'audit' | 'images'>;
  /** Expiry of the job's session in milliseconds since the epoch. Default: in six hours. */
  readonly sessionEndsAt?: number;
}

/** Emulated AWS for a nightly job, with a session of its role, a second account, and clusters. */
export interface RehearsalCloud {
  readonly emulator: Emulator;
  /** AWS with administrator rights. */
  readonly aws: AwsTarget;
  /** Environment variables with the job's credentials and region. */
  readonly environment: Readonly<Record<string, string>>;
  /** Returns the same with a new session. */
  readonly session: () => Readonly<Record<string, string>>;
  /** Expires an environment's session. */
  endSession(environment: Readonly<Record<string, string>>): void;
  /** Role in the second account that the job may assume. */
  readonly otherAccountRole: string;
  readonly jobRoleName: string;
  readonly jobRoleArn: string;
  readonly jobPolicyName: string;
  /** Names of the role and policy in the second account. */
  readonly other: Job;
  /** Changes a policy. Throws IAM errors, for example for a policy that is too long. */
  setPolicy(policy: string, account?: 'main' | 'other'): Promise<void>;
  calls(): readonly CallRecord[];
  /** Returns titles of all resources, except the job's roles and policies. */
  inventory(): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface RolePolicy {
  readonly account: 'main' | 'other';
  readonly policyName: string;
  readonly policy: string;
}

const JOB_ROLE = 'nightly';
const OTHER_ROLE = 'nightly-other-account';
const JOB_POLICY = 'nightly-policy';
/** Must differ from the name of the job's policy, since records identify policies by name. */
const OTHER_POLICY = 'nightly-other-account-policy';
export const EVERYTHING = policyText([{ Effect: 'Allow', Action: '*', Resource: '*' }]);

export async function rehearsalCloud(options: RehearsalOptions = {}): Promise<RehearsalCloud> {
  const { signal } = new AbortController();
  const type: HostedClusterType = {
    ...EMBEDDED,
    open: async (request) => embeddedHost({ ...request, ...options.clusters }),
  };
  const host = await makeClusters({ type, flags: [], ...options.hosted, progress: () => undefined, signal });
  const { emulator, world } = await startWithWorld({
    region: 'us-west-2',
    host: host.bindAddress,
    clusterProvider: options.wrap?.(host.provider) ?? host.provider,
    ...(options.settings && { settings: options.settings }),
  });
  const aws = emulatedAws(emulator);
  const makeRole = async (name: string, principal: object, { account, policyName, policy }: RolePolicy) => {
    const { iam } = aws.clients(account);
    const trust = policyText([{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }]);
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust }));
    // A managed policy, as in docs/nightly.md, since inline policies may be longer.
    const create = new CreatePolicyCommand({ PolicyName: policyName, PolicyDocument: policy });
    const { Arn: PolicyArn = '' } = (await iam.send(create)).Policy ?? {};
    await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn }));
    return Role?.Arn ?? '';
  };
  const accountId = emulator.accountId;
  const jobRoleArn = await makeRole(
    JOB_ROLE,
    { Service: 'ec2.amazonaws.com' },
    { account: 'main', policyName: JOB_POLICY, policy: options.policy ?? EVERYTHING },
  );
  const otherAccountRole = await makeRole(
    OTHER_ROLE,
    { AWS: `arn:aws:iam::${accountId}:root` },
    { account: 'other', policyName: OTHER_POLICY, policy: EVERYTHING },
  );
  const role = world.account(accountId)?.roles.get(JOB_ROLE);
  const policies = { main: { name: JOB_POLICY, version: 'v1' }, other: { name: OTHER_POLICY, version: 'v1' } };
  // The emulator does not support a CI server's OIDC token, so the session is issued directly.
  const session = (endsAt = Date.now() + 6 * 3_600_000): Readonly<Record<string, string>> => {
    const credentials = world.credentials.issue({
      kind: 'role-session',
      accountId,
      arn: `arn:aws:sts::${accountId}:assumed-role/${JOB_ROLE}/job`,
      roleArn: jobRoleArn,
      roleName: JOB_ROLE,
      userId: `${role?.id}:job`,
      sessionName: 'job',
      tags: [],
      sessionPolicies: [],
      issuedAt: Date.now(),
      expiresAt: endsAt,
      context: {},
    });
    return {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
      AWS_REGION: emulator.region,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  };
  // Waits for propagation, since these roles would have existed for long.
  const { delays, pace = 1 } = options.settings ?? {};
  await sleep((delays?.iam ?? 0) / pace);
  return {
    emulator,
    aws,
    environment: session(options.sessionEndsAt),
    session,
    endSession: ({ AWS_ACCESS_KEY_ID: accessKeyId = '' }) => {
      Object.assign(world.credentials.find(accessKeyId)?.credentials ?? {}, { expiration: Date.now() });
    },
    otherAccountRole,
    jobRoleName: JOB_ROLE,
    jobRoleArn,
    jobPolicyName: JOB_POLICY,
    other: { jobRoleName: OTHER_ROLE, jobPolicyName: OTHER_POLICY },
    setPolicy: async (policy, account = 'main') => {
      const { iam } = aws.clients(account);
      const set = policies[account];
      const PolicyArn = `arn:aws:iam::${account === 'main' ? accountId : accountOf(otherAccountRole)}:policy/${set.name}`;
      const change = new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: policy, SetAsDefault: true });
      const { PolicyVersion } = await iam.send(change);
      await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: set.version }));
      set.version = PolicyVersion?.VersionId ?? '';
    },
    calls: () => emulator.calls(),
    inventory: async () => {
      const all = await inventoryOf(aws);
      return all.filter((title) => !/^(role|policy) nightly(-other-account)?(-policy)?( |$)/.test(title));
    },
    close: async () => {
      await aws.close();
      await host.close();
    },
  };
}

function policyText(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
