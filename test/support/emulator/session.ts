import type { RoleSession } from '../../../identity/policy/principal.ts';
import type { Credentials } from '../../../emulator/core/credentials.ts';
import { uniqueId } from '../../../emulator/core/random.ts';
import type { World } from '../../../emulator/world/world.ts';
import type { PolicyDocument, Role } from '../../../emulator/iam/model.ts';
import { compilePolicy } from '../../../identity/policy/index.ts';

/** Options of a test's role and session. Policies are lists of statements. */
export interface TestSessionOptions {
  readonly accountId?: string;
  readonly roleName?: string;
  readonly allow?: readonly object[];
  readonly boundary?: readonly object[];
  readonly sessionPolicy?: readonly object[];
  readonly roleTags?: Readonly<Record<string, string>>;
  readonly sessionTags?: Readonly<Record<string, string>>;
  /** Duration of the session in milliseconds. */
  readonly lifetime?: number;
}

export interface TestSession {
  readonly role: Role;
  readonly session: RoleSession;
  readonly credentials: Credentials;
}

/** Returns a role session without tags and policies. */
export const aSession = (
  { accountId, name, arn, id }: Pick<Role, 'accountId' | 'name' | 'arn' | 'id'>,
  issuedAt: number,
  { sessionName, lifetime = 3_600_000 }: { readonly sessionName: string; readonly lifetime?: number | undefined },
): RoleSession => ({
  kind: 'role-session',
  accountId,
  arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${sessionName}`,
  roleArn: arn,
  roleName: name,
  userId: `${id}:${sessionName}`,
  sessionName,
  tags: [],
  sessionPolicies: [],
  issuedAt,
  expiresAt: issuedAt + lifetime,
  context: {},
});

/** Creates a role and a session of it directly, without calls of IAM and STS. */
export function testSession(world: World, options: TestSessionOptions = {}): TestSession {
  const { roleName = `role-${world.random().toString(36).slice(2, 8)}` } = options;
  const accountId = options.accountId ?? [...world.accounts.keys()][0] ?? '';
  const account = world.account(accountId);
  if (account === undefined) throw new Error(`The test has no account ${accountId}.`);
  const now = world.clock.now();
  const document = (statements: readonly object[]): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: statements });

  const trust = document([{ Effect: 'Allow', Principal: { AWS: accountId }, Action: 'sts:AssumeRole' }]);
  const boundaryArn = `arn:aws:iam::${accountId}:policy/boundary-of-${roleName}`;
  if (options.boundary !== undefined) {
    const text = document(options.boundary);
    account.policies.set(boundaryArn, {
      arn: boundaryArn,
      name: `boundary-of-${roleName}`,
      path: '/',
      id: uniqueId(world.random, 'ANPA'),
      createdAt: now,
      description: undefined,
      versions: new Map([
        ['v1', { text, compiled: compilePolicy(text, { kind: 'identity', name: boundaryArn }), createdAt: now }],
      ]),
      defaultVersion: 'v1',
      newestVersion: 1,
      tags: new Map(),
    });
  }
  const role: Role = {
    name: roleName,
    path: '/',
    arn: `arn:aws:iam::${accountId}:role/${roleName}`,
    id: uniqueId(world.random, 'AROA'),
    accountId,
    createdAt: now,
    description: undefined,
    maxSessionDuration: 43_200,
    trustPolicyText: trust,
    trustPolicy: compilePolicy(trust, { kind: 'trust', name: `trust policy of role ${roleName}` }),
    inlinePolicies: new Map(options.allow?.length ? [['test', inlinePolicy(document(options.allow), roleName)]] : []),
    attachedPolicies: new Set(),
    permissionsBoundary: options.boundary && boundaryArn,
    tags: new Map(Object.entries(options.roleTags ?? {})),
  };
  account.roles.set(roleName, role);

  const session: RoleSession = {
    ...aSession(role, now, { sessionName: 'test', lifetime: options.lifetime }),
    tags: Object.entries(options.sessionTags ?? {}).map(([key, value]) => ({ key, value, transitive: false })),
    sessionPolicies: options.sessionPolicy === undefined ? [] : [document(options.sessionPolicy)],
  };
  return { role, session, credentials: world.credentials.issue(session) };
}

function inlinePolicy(text: string, roleName: string): PolicyDocument {
  return { text, compiled: compilePolicy(text, { kind: 'identity', name: `inline policy test on role ${roleName}` }) };
}
