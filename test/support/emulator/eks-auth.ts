import { CreatePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import type { PodIdentityAssociation } from '@aws-sdk/client-eks';
import type { JWTPayload } from 'jose';
import type { Caller, RoleSession } from '../../../identity/policy/principal.ts';
import { ACCOUNT, testCloud, type EksResponse, type TestCloud } from './eks.ts';
import { POD_TRUST, clusterRole, makeCluster, makeRole } from './roles.ts';

export const UNASSUMABLE = 'Unauthorized Exception! EKS does not have permissions to assume the associated role.';
export const CLUSTER_ARN = `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/blue`;
export const POD_NAME = 'reader-5d8f7c-x2x4z';

type Change = Readonly<Record<string, unknown>>;

/** A cluster `blue`, a role `app` for pods, and the settings with which pod shop/reader requests credentials. */
export interface EksAuthFixture {
  readonly cloud: TestCloud;
  /** Starts again with settings. Calls `settle` after the role was created and before it is used. */
  readonly start: (options?: Parameters<typeof testCloud>[0], settle?: () => void) => Promise<void>;
  /** Associates shop/reader with the role `app`. `input` overrides values. */
  readonly associate: (input?: object) => Promise<PodIdentityAssociation>;
  readonly claims: (change?: Change, cluster?: string) => JWTPayload;
  /** Returns a token signed with the cluster's key. */
  readonly sign: (change?: Change, cluster?: string) => Promise<string>;
  readonly assume: (body: object | string, cluster?: string, caller?: Caller) => Promise<EksResponse>;
  /** Returns the session of the credentials in a response. */
  readonly sessionFrom: (answer: EksResponse) => RoleSession;
}

/** Registers hooks that provide each test with its own cloud. */
export function eksAuthFixture(): EksAuthFixture {
  let cloud: TestCloud | undefined;
  let roleArn: string;
  const current = (): TestCloud => {
    if (cloud === undefined) throw new Error('The fixture is only available in tests.');
    return cloud;
  };
  const fixture: EksAuthFixture = {
    get cloud() {
      return current();
    },
    start: async (options, settle = () => {}) => {
      await cloud?.close();
      cloud = await testCloud(options);
      roleArn = await makeRole(cloud, 'app', [POD_TRUST]);
      await clusterRole(cloud);
      settle();
      await makeCluster(cloud);
    },
    associate: async (input = {}) => {
      const whole = { clusterName: 'blue', namespace: 'shop', serviceAccount: 'reader', roleArn, ...input };
      return (await current().eks().send(new CreatePodIdentityAssociationCommand(whole))).association!;
    },
    claims: (change = {}, cluster = 'blue') => {
      const now = Math.floor(current().world.clock.now() / 1000);
      return {
        iss: current().cluster(cluster).issuer,
        sub: 'system:serviceaccount:shop:reader',
        aud: ['pods.eks.amazonaws.com'],
        iat: now,
        nbf: now,
        exp: now + 3600,
        'kubernetes.io': {
          namespace: 'shop',
          serviceaccount: { name: 'reader', uid: 'sa-uid' },
          pod: { name: POD_NAME, uid: 'pod-uid' },
        },
        ...change,
      };
    },
    sign: (change = {}, cluster = 'blue') => current().clusters.get(cluster)!.sign(fixture.claims(change, cluster)),
    assume: (body, cluster = 'blue', caller = current().administrator) =>
      current().send('eks-auth', {
        method: 'POST',
        path: `/clusters/${cluster}/assume-role-for-pod-identity`,
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
        caller,
      }),
    sessionFrom: ({ body }) => {
      const { accessKeyId } = body.credentials as { accessKeyId: string };
      return current().world.credentials.find(accessKeyId)!.caller as RoleSession;
    },
  };
  beforeEach(() => fixture.start());
  afterEach(() => cloud?.close());
  return fixture;
}

export function outcome({ status, errorType, body }: EksResponse): { status: number; type?: string; message: unknown } {
  return { status, message: body.message, ...(errorType !== undefined && { type: errorType }) };
}

export function tagsOf(session: RoleSession): Record<string, string> {
  return Object.fromEntries(session.tags.map(({ key, value }) => [key, value]));
}
