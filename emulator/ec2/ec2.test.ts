import { DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client, EC2ServiceException } from '@aws-sdk/client-ec2';
import type { DescribeSubnetsCommandInput, Filter } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import type { Credentials } from '../core/credentials.ts';
import type { World } from '../world/world.ts';
import { startWithWorld, type Emulator } from '../start.ts';
import { testSession } from '../../test/support/emulator/session.ts';

const [A, B, C] = ['a', 'b', 'c'].map((zone) => `subnet-0000000000000000${zone}`) as [string, string, string];

describe('the EC2 emulator', () => {
  let emulator: Emulator;
  let world: World;
  let ec2: EC2Client;

  before(async () => {
    ({ emulator, world } = await startWithWorld({}));
    ec2 = client(emulator.administrator);
  });
  after(() => emulator.close());

  const client = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials): EC2Client =>
    new EC2Client({
      endpoint: emulator.endpoint,
      region: emulator.region,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
      maxAttempts: 1,
    });
  const ids = async (input: DescribeSubnetsCommandInput): Promise<unknown> =>
    (await ec2.send(new DescribeSubnetsCommand(input))).Subnets?.map(({ SubnetId }) => SubnetId);
  const failure = async (sent: Promise<unknown>): Promise<string> => {
    try {
      await sent;
    } catch (error) {
      if (error instanceof EC2ServiceException) {
        return `${error.$metadata.httpStatusCode ?? 0} ${error.name}: ${error.message}`;
      }
      throw error;
    }
    throw new Error('the call succeeded');
  };

  it('has a public subnet in each of three zones for every account', async () => {
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    expect(Subnets.map(({ AvailabilityZone }) => AvailabilityZone)).to.have.members([
      'us-west-2a',
      'us-west-2b',
      'us-west-2c',
    ]);
    expect(Subnets[0]).to.deep.include({
      SubnetId: A,
      AvailabilityZoneId: 'usw2-az1',
      OwnerId: '111122223333',
      State: 'available',
      DefaultForAz: true,
      MapPublicIpOnLaunch: true,
    });
    expect(Subnets[0]?.Tags).to.deep.include({ Key: 'kubernetes.io/role/elb', Value: '1' });
    expect(new Set(Subnets.map(({ CidrBlock }) => CidrBlock)).size).to.equal(3);
  });

  it('separates the subnets of accounts', async () => {
    const other = client(emulator.createAccount('444455556666'));
    const { Subnets = [] } = await other.send(new DescribeSubnetsCommand({}));
    expect(Subnets.map(({ SubnetId }) => SubnetId))
      .to.have.length(3)
      .and.not.include.members([A]);
    expect(await failure(other.send(new DescribeSubnetsCommand({ SubnetIds: [A] })))).to.equal(
      `400 InvalidSubnetID.NotFound: The subnet ID '${A}' does not exist`,
    );
  });

  const filters: readonly (readonly [name: string, values: string[], found: string[]])[] = [
    ['tag:kubernetes.io/role/elb', ['1'], [A, B, C]],
    ['tag:kubernetes.io/role/elb', ['', '0'], []],
    ['tag:kubernetes.io/role/internal-elb', ['1'], []],
    ['tag:Name', ['*west-2b'], [B]],
    ['tag:Name', ['default-us-west-2?'], [A, B, C]],
    ['tag:Name', ['default-us-west-2\\?'], []],
    ['tag:Name', ['default.*'], []],
    ['tag-key', ['kubernetes.io/role/*'], [A, B, C]],
    ['tag-key', ['kubernetes.io/cluster/blue'], []],
    ['vpc-id', ['vpc-00000000000000000'], [A, B, C]],
    ['vpc-id', ['vpc-1'], []],
    ['subnet-id', [A, C], [A, C]],
    ['availability-zone', ['us-west-2c'], [C]],
  ];
  for (const [Name, Values, found] of filters) {
    it(`finds ${found.length} subnets by ${Name}=${Values.join(',')}`, async () => {
      expect(await ids({ Filters: [{ Name, Values }] })).to.deep.equal(found);
    });
  }

  it('joins filters and ids with "and"', async () => {
    const named = (name: string): Filter => ({ Name: 'tag:Name', Values: [name] });
    expect(await ids({ Filters: [named('*b'), { Name: 'subnet-id', Values: [A] }] })).to.deep.equal([]);
    expect(await ids({ SubnetIds: [A, B], Filters: [named('*b')] })).to.deep.equal([B]);
  });

  it('returns pages of the requested size, and no token after the last', async () => {
    const { NextToken, Subnets } = await ec2.send(new DescribeSubnetsCommand({ MaxResults: 5 }));
    expect([NextToken, Subnets?.length]).to.deep.equal([undefined, 3]);
    const after = Buffer.from(`after:${A}`).toString('base64url');
    expect(await ids({ MaxResults: 5, NextToken: after })).to.deep.equal([B, C]);
  });

  const bad: readonly (readonly [DescribeSubnetsCommandInput, string])[] = [
    [{ SubnetIds: ['subnet-1'] }, '400 InvalidSubnetID.Malformed: Invalid id: "subnet-1"'],
    [{ Filters: [{ Name: 'colour', Values: ['red'] }] }, "400 InvalidParameterValue: The filter 'colour' is invalid"],
    [{ MaxResults: 4 }, '400 InvalidParameterValue: Value ( 4 )'],
    [{ MaxResults: 5, SubnetIds: [A] }, '400 InvalidParameterCombination'],
    [{ NextToken: 'x' }, '400 InvalidNextToken'],
    [{ DryRun: true }, '412 DryRunOperation'],
  ];
  for (const [input, expected] of bad) {
    it(`answers ${JSON.stringify(input)} with ${expected.slice(0, 40)}`, async () => {
      expect(await failure(ec2.send(new DescribeSubnetsCommand(input)))).to.include(expected);
    });
  }

  it('requires ec2:DescribeSubnets on *, and records the call', async () => {
    const session = (action: string): EC2Client => {
      const allow = [{ Effect: 'Allow', Action: action, Resource: '*' }];
      return client(testSession(world, { allow }).credentials);
    };
    const all = new DescribeSubnetsCommand({});
    expect((await session('ec2:DescribeSubnets').send(all)).Subnets).to.have.length(3);
    expect(await failure(session('ec2:DescribeVpcs').send(all))).to.match(
      /^403 UnauthorizedOperation: You are not authorized .*is not authorized to perform: ec2:DescribeSubnets because no identity-based policy allows/,
    );
    const { service, operation, status, errorCode, authorizations } = emulator.calls().at(-1)!;
    expect({ service, operation, status, errorCode }).to.deep.equal({
      service: 'ec2',
      operation: 'DescribeSubnets',
      status: 403,
      errorCode: 'UnauthorizedOperation',
    });
    expect(authorizations.map(({ action, resource }) => `${action} ${resource}`)).to.deep.equal([
      'ec2:DescribeSubnets *',
    ]);
  });

  it('rejects a wrong secret key and an unsigned call', async () => {
    const { accessKeyId } = emulator.administrator;
    const wrong = client({ accessKeyId, secretAccessKey: 'wrong' });
    expect(await failure(wrong.send(new DescribeSubnetsCommand({})))).to.match(/^401 AuthFailure/);
    const body = 'Action=DescribeSubnets&Version=2016-11-15';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const unsigned = await fetch(emulator.endpoint, { method: 'POST', body, headers });
    expect(unsigned.status).to.equal(403);
    expect(await unsigned.text()).to.match(/<Response><Errors><Error><Code>MissingAuthenticationToken</);
  });

  it('rejects other operations', async () => {
    expect(await failure(ec2.send(new DescribeVpcsCommand({})))).to.match(
      /^400 InvalidAction: The action DescribeVpcs/,
    );
  });
});
