import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import * as make from '../../test/support/cluster-snapshot.ts';
import { answerOf } from '../access/answer.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { Gaps } from './gaps.ts';
import { callResource } from './resource-calls.ts';
import { readResources, withKeys } from './resource-policies.ts';

const { ACCOUNT, allowing, healthySnapshot, roleArn, trust } = make;
const ARN = `us-west-2:${ACCOUNT}`;
const KEY = `arn:aws:kms:${ARN}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const [QUEUE, TOPIC, SECRET] = [
  `arn:aws:sqs:${ARN}:jobs`,
  `arn:aws:sns:${ARN}:events`,
  `arn:aws:secretsmanager:${ARN}:secret:db-a1b2c3`,
];
const [TABLE, REPOSITORY, LAMBDA] = [
  `arn:aws:dynamodb:${ARN}:table/orders`,
  `arn:aws:ecr:${ARN}:repository/team/app`,
  `arn:aws:lambda:${ARN}:function:mail`,
];
const PARAMETER = `arn:aws:ssm:${ARN}:parameter/app/token`;
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }],
});
const XML = `<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult><Attributes>
<entry><key>Owner</key><value>${ACCOUNT}</value></entry>
<entry><key>Policy</key><value>${POLICY.replaceAll('"', '&quot;')}</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>`;
const keyPolicy = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
const ROOT = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' };

type Answers = Readonly<Record<string, object | string | { readonly code: string }>>;
/** In the form of the services' answers (API References, "Response Syntax"). */
const ANSWERS: Answers = {
  'kms:DescribeKey': {
    KeyMetadata: { Arn: KEY, KeyManager: 'CUSTOMER', KeyId: '1234abcd-12ab-34cd-56ef-1234567890ab' },
  },
  'kms:GetKeyPolicy': { Policy: keyPolicy(ROOT), PolicyName: 'default' },
  'sqs:GetQueueAttributes': { Attributes: { Policy: POLICY } },
  'sns:GetTopicAttributes': XML,
  'secretsmanager:DescribeSecret': { ARN: SECRET, KmsKeyId: 'alias/secrets' },
  'secretsmanager:GetResourcePolicy': { ARN: SECRET, Name: 'db' },
  'dynamodb:GetResourcePolicy': { Policy: POLICY, RevisionId: '1' },
  'ecr:GetRepositoryPolicy': { policyText: POLICY, repositoryName: 'team/app' },
  'lambda:GetPolicy': { Policy: POLICY, RevisionId: '1' },
  'ssm:DescribeParameters': { Parameters: [{ Name: '/app/token', Type: 'SecureString', KeyId: 'alias/secrets' }] },
};

describe('the policies of resources', () => {
  let server: Server;
  let answers: Answers = ANSWERS;
  let requests: { readonly right: string; readonly body: string; readonly headers: IncomingMessage['headers'] }[] = [];
  before((done) => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const [, service = ''] = /\/([\w-]+)\/aws4_request/.exec(request.headers.authorization ?? '') ?? [];
        const target = String(request.headers['x-amz-target'] ?? '').split('.')[1];
        const right = `${service}:${target ?? /Action=(\w+)/.exec(body)?.[1] ?? 'GetPolicy'}`;
        requests.push({ right, body, headers: request.headers });
        const answer = answers[right] ?? { code: 'AccessDeniedException' };
        const { code } = answer as { readonly code?: string };
        if (typeof answer === 'string') response.end(answer);
        else if (code !== undefined)
          response
            .writeHead(400)
            .end(
              right.startsWith('sns:')
                ? `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code></Error></ErrorResponse>`
                : JSON.stringify({ __type: `com.amazonaws#${code}` }),
            );
        else response.end(JSON.stringify(answer));
      });
    }).listen(0, '127.0.0.1', done);
  });
  after((done) => void server.close(done));
  beforeEach(() => {
    answers = ANSWERS;
    requests = [];
  });

  async function read(...arns: readonly string[]) {
    const gaps = new Gaps(new AbortController().signal);
    const eks = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = () =>
      Promise.resolve({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' });
    const reader = {
      callResource: (
        right: Parameters<typeof callResource>[0],
        input: object,
        place: { readonly partition: string; readonly region: string },
      ) =>
        gaps.call(right, (signal) =>
          callResource(
            right,
            input as Record<string, unknown>,
            { credentials, endpoints: { eks }, partition: place.partition, region: place.region },
            signal,
          ),
        ),
    };
    const resources = { ...(await readResources(reader, gaps, arns)) };
    const bucket = { name: 'data', accountId: ACCOUNT, policy: null, key: 'alias/objects' };
    const buckets = await withKeys(
      reader,
      gaps,
      { data: bucket },
      { partition: 'aws', region: 'us-west-2' },
      resources,
    );
    return { resources, buckets, gaps: gaps.all() };
  }

  it('are read of each service, with signed calls', async () => {
    const { resources, gaps } = await read(
      QUEUE,
      TOPIC,
      SECRET,
      TABLE,
      `${TABLE}/index/by-date`,
      REPOSITORY,
      LAMBDA,
      PARAMETER,
      KEY,
    );
    expect(gaps).to.deep.equal([]);
    const denied = { policy: POLICY, key: null };
    expect(resources).to.deep.equal({
      [QUEUE]: denied,
      [TOPIC]: denied,
      [SECRET]: { policy: null, key: KEY },
      [TABLE]: denied,
      [`${TABLE}/index/by-date`]: denied,
      [REPOSITORY]: denied,
      [LAMBDA]: denied,
      [PARAMETER]: { policy: null, key: KEY },
      [KEY]: { policy: keyPolicy(ROOT), key: null },
    });
    expect(requests.find(({ right }) => right === 'sqs:GetQueueAttributes')?.body).to.contain(`/${ACCOUNT}/jobs"`);
    for (const { headers } of requests)
      expect(headers.authorization).to.match(/^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\//);
  });

  it('are null if the resource lacks one', async () => {
    const none = (code: string) => ({ code });
    answers = {
      ...ANSWERS,
      'dynamodb:GetResourcePolicy': none('PolicyNotFoundException'),
      'ecr:GetRepositoryPolicy': none('RepositoryPolicyNotFoundException'),
      'lambda:GetPolicy': none('ResourceNotFoundException'),
    };
    const { resources, gaps } = await read(TABLE, REPOSITORY, LAMBDA);
    expect([TABLE, REPOSITORY, LAMBDA].map((arn) => resources[arn]?.policy)).to.deep.equal([null, null, null]);
    expect(gaps).to.deep.equal([]);
  });

  const DENIED = { code: 'AccessDeniedException' };
  for (const right of Object.keys(ANSWERS))
    it(`leave a gap and no policy without ${right}`, async () => {
      answers = { ...ANSWERS, [right]: DENIED };
      const { gaps } = await read(QUEUE, TOPIC, SECRET, TABLE, REPOSITORY, LAMBDA, PARAMETER);
      expect(gaps).to.deep.include({ right, reason: 'AccessDeniedException' });
    });

  /** Asks as a service account whose role may do everything. */
  async function ask(action: string, resource: string) {
    const { resources, buckets, gaps } = await read(...(resource.startsWith('arn:aws:s3:') ? [] : [resource]));
    const draft = healthySnapshot('');
    const role = draft.aws.roles[roleArn('ledger')]!;
    role.trustPolicy = trust({
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    });
    role.policies = { all: allowing('*') };
    draft.aws.vpcEndpoints = [];
    Object.assign(draft.aws, { resources, buckets });
    draft.gaps.push(...gaps);
    return answerOf(new ClusterFacts(draft), { namespace: 'payments', serviceAccount: 'ledger' }, { action, resource });
  }

  it('decide the answer', async () => {
    for (const [action, arn] of [
      ['sqs:SendMessage', QUEUE],
      ['sns:Publish', TOPIC],
      ['dynamodb:GetItem', TABLE],
      ['ecr:BatchGetImage', REPOSITORY],
      ['lambda:InvokeFunction', LAMBDA],
    ] as const)
      expect((await ask(action, arn)).value, action).to.equal('denied');
    expect((await ask('secretsmanager:GetSecretValue', SECRET)).value).to.equal('allowed');
    answers = { ...ANSWERS, 'sqs:GetQueueAttributes': DENIED };
    const { value, unless } = await ask('sqs:SendMessage', QUEUE);
    expect([value, ...unless]).to.deep.equal([
      'unknown',
      ...['policy', 'encryption'].map(
        (part) => `${part} of ${QUEUE}, which was not read (sqs:GetQueueAttributes: AccessDeniedException)`,
      ),
    ]);
  });

  it('of keys decide about secrets, parameters and objects', async () => {
    const uses = [
      ['secretsmanager:GetSecretValue', SECRET],
      ['ssm:GetParameter', PARAMETER],
      ['s3:GetObject', 'arn:aws:s3:::data/x'],
    ] as const;
    for (const [action, arn] of uses) expect((await ask(action, arn)).value, action).to.equal('allowed');
    answers = {
      ...ANSWERS,
      'kms:GetKeyPolicy': { Policy: keyPolicy({ ...ROOT, Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/other` } }) },
    };
    for (const [action, arn] of uses) {
      const { value, steps } = await ask(action, arn);
      expect([value, steps.at(-1)?.name], action).to.deep.equal(['denied', 'encryption']);
    }
    answers = { ...ANSWERS, 'kms:DescribeKey': DENIED };
    for (const [action, arn] of uses) expect((await ask(action, arn)).value, action).to.equal('unknown');
  });
});

describe('the policy of a VPC endpoint', () => {
  const asked = (policy: string, state = 'available'): string => {
    const draft = healthySnapshot('');
    draft.aws.roles[roleArn('ledger')]!.policies = { all: allowing('*') };
    draft.aws.buckets = { data: { name: 'data', accountId: ACCOUNT, policy: null, key: null } };
    draft.aws.vpcEndpoints = [{ id: 'vpce-1', serviceName: 'com.amazonaws.us-west-2.s3', state, policy }];
    return answerOf(
      new ClusterFacts(draft),
      { namespace: 'payments', serviceAccount: 'ledger' },
      { action: 's3:GetObject', resource: 'arn:aws:s3:::data/x' },
    ).value;
  };
  const policy = (fields: object): string =>
    keyPolicy({ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*', ...fields });

  it('makes the answer unknown if it does not allow the request', () => {
    expect(asked(policy({}))).to.equal('allowed');
    expect(asked(policy({ Resource: 'arn:aws:s3:::other/*' }))).to.equal('unknown');
    expect(asked(policy({ Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }))).to.equal('unknown');
    expect(asked(policy({ Resource: 'arn:aws:s3:::other/*' }), 'deleted')).to.equal('allowed');
  });
});
