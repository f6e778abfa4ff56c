import { awsManagedPolicies } from '../iam/managed-policies.ts';
import { servicePrincipals } from './principals.ts';
import { movableClock, type Clock } from '../core/clock.ts';
import { credentialStore } from './credentials.ts';
import { EventualMap } from '../core/eventual-map.ts';
import { lagOf, type EmulatorSettings } from '../core/settings.ts';
import { userOf } from './policies-of.ts';
import type { IamUser } from '../../identity/policy/principal.ts';
import type { Credentials } from '../core/credentials.ts';
import { seededRandom, uniqueId } from '../core/random.ts';
import type { User } from '../iam/model.ts';
import type { Account, World } from './world.ts';

const DEFAULT_REGION = 'us-west-2';
export const DEFAULT_ACCOUNT_ID = '111122223333';

/** Reasons: harness/record/guesses.json. */
export const DEFAULT_SETTINGS: EmulatorSettings = {
  noAssociationError: 'ResourceNotFoundException',
  eksAuthKeepsSessions: false,
  associationChecksTrustPolicy: true,
  transitiveTagOverrideError: 'InvalidParameterValue',
  badTokenError: 'InvalidTokenException',
  associationPropagation: { webhook: 0, eksAuth: 0 },
  delays: {
    createCluster: 0,
    deleteCluster: 0,
    createNodegroup: 0,
    deleteNodegroup: 0,
    createAddon: 0,
    deleteAddon: 0,
    iam: 0,
    listing: 0,
    reuse: 0,
  },
  pace: 1,
  throttling: {},
  quotas: { clusters: 100, nodegroups: 30, associations: 5000, roles: 1000 },
};

export interface WorldOptions {
  readonly region?: string;
  readonly settings?: Partial<EmulatorSettings>;
  /** Added to `emulator/world/service-principals.json`. */
  readonly servicePrincipals?: readonly string[];
  /** Seed of ids that are not secret. */
  readonly seed?: string;
  /** The clock for delays and throttling; default: real time. */
  readonly uptime?: Clock;
  readonly endpoint: () => string;
}

interface NewWorld {
  readonly world: World;
  /** Creates the account if necessary. Its administrator's key is random by default. */
  readonly createAccount: (id: string, administrator?: Credentials) => Account;
}

export function newWorld(options: WorldOptions): NewWorld {
  const accounts = new Map<string, Account>();
  const credentials = credentialStore((caller) => userOf(accounts, caller));
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const time = { uptime: options.uptime ?? { now: () => performance.now() }, lag: lagOf(settings) };
  const world: World = {
    partition: 'aws',
    region: options.region ?? DEFAULT_REGION,
    clock: movableClock(),
    ...time,
    settings,
    accounts,
    buckets: new EventualMap(time),
    keyPolicies: new Map(),
    awsManagedPolicies: awsManagedPolicies(),
    servicePrincipals: servicePrincipals(options.servicePrincipals),
    credentials,
    podContexts: new Map(),
    random: seededRandom(options.seed),
    endpoint: options.endpoint,
    account: (id) => accounts.get(id),
  };

  function createAccount(id: string, administrator?: Credentials): Account {
    const existing = accounts.get(id);
    if (existing !== undefined) return existing;
    const { user, key } = newAdministrator(id, administrator);
    const account: Account = {
      id,
      administrator: key,
      roles: new EventualMap(time),
      users: new EventualMap(time, [[user.name, user]]),
      policies: new EventualMap(time),
      oidcProviders: new EventualMap(time),
      clusters: new EventualMap(time),
      instances: new Map(),
      vpcEndpoints: new Map(),
      serviceLinkedRoles: new Set(),
      publicAccessBlock: undefined,
    };
    accounts.set(id, account);
    return account;
  }

  function newAdministrator(accountId: string, given: Credentials | undefined) {
    const name = 'administrator';
    const arn = `arn:aws:iam::${accountId}:user/${name}`;
    const userId = uniqueId(world.random, 'AIDA');
    const caller: IamUser = { kind: 'user', accountId, arn, userName: name, userId };
    if (given !== undefined) credentials.add(given, caller);
    const key = given ?? credentials.issue(caller);
    const createdAt = world.clock.now();
    const user: User = {
      name,
      path: '/',
      arn,
      id: userId,
      accountId,
      createdAt,
      inlinePolicies: new Map(),
      attachedPolicies: new Set(['arn:aws:iam::aws:policy/AdministratorAccess']),
      permissionsBoundary: undefined,
      tags: new Map(),
      accessKeys: new Map([[key.accessKeyId, { createdAt, active: true }]]),
    };
    return { user, key };
  }

  return { world, createAccount };
}
