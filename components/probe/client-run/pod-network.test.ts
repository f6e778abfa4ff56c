import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NETWORK_RIGHTS } from '../../../foundation/protocols/client-run.ts';
import { NETWORK_PLAN, type NetworkPlan } from './network.ts';
import { inPodNetwork } from './pod-network.ts';
import { setEnvironment } from '../../../test/support/process-environment.ts';

const PLANNED = { name: 'own', command: ['program'], operations: ['GetObject'] };
/** A client's command and changes to its environment. */
interface Started {
  readonly command: readonly string[];
  readonly changes: Readonly<Record<string, string>>;
}

const POD = {
  [NETWORK_RIGHTS]: 'user',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:4000',
  PROBE_AGENT_URI: 'http://127.0.0.1:2001/v1/credentials',
  PROBE_AGENT_IPV6_URI: 'http://127.0.0.1:2002/v1/credentials',
  AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:2003',
};

describe("a client's network in a pod", () => {
  const [environment, folder] = [{ ...process.env }, process.cwd()];
  const temporary = mkdtempSync(join(tmpdir(), 'network-'));
  beforeEach(() => process.chdir(temporary));
  afterEach(() => {
    setEnvironment(environment);
    process.chdir(folder);
    rmSync(join(temporary, 'out'), { force: true });
  });
  after(() => rmSync(temporary, { recursive: true, force: true }));

  const planOf = async (pod: Readonly<Record<string, string>>): Promise<NetworkPlan> => {
    setEnvironment({ PATH: environment['PATH'], ...pod });
    const { command, changes } = (await inPodNetwork(PLANNED)) as unknown as Started;
    expect([command[0], command.at(-1)]).to.deep.equal(['unshare', 'program']);
    return JSON.parse(changes[NETWORK_PLAN] ?? '') as NetworkPlan;
  };
  const portsOf = ({ relayed }: NetworkPlan) =>
    Object.fromEntries(relayed.map(({ host, port, to }) => [`${host} ${port}`, to]));

  it("has the agent and instance metadata at a pod's addresses, and AWS at its own", async () => {
    const plan = await planOf(POD);
    expect(plan.authorities).to.equal(undefined);
    expect(portsOf(plan)).to.deep.equal({
      '169.254.170.23 80': 2001,
      'fd00:ec2::23 80': 2002,
      '169.254.169.254 80': 2003,
      'fd00:ec2::254 80': 2003,
      '127.0.0.1 4000': 4000,
      '127.0.0.1 2001': 2001,
      '127.0.0.1 2002': 2002,
      '127.0.0.1 2003': 2003,
    });
  });

  it('has STS at its real names with a trusted certificate, for a client that calls it nowhere else', async () => {
    const received: string[] = [];
    const sts = createServer(({ headers, url }, response) => {
      received.push(`${headers.host} ${url}`);
      response.end('a session');
    });
    await once(sts.listen(0, '127.0.0.1'), 'listening');
    const { port } = sts.address() as AddressInfo;
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`;
    setEnvironment({ PATH: environment['PATH'], ...POD, AWS_ENDPOINT_URL, AWS_REGION: 'us-west-2' });
    const { changes } = (await inPodNetwork({ ...PLANNED, asksStsByTls: true })) as unknown as Started;
    const plan = JSON.parse(changes[NETWORK_PLAN] ?? '') as NetworkPlan;
    const ports = portsOf(plan);
    expect(plan.hosts).to.contain('192.0.2.61 sts.us-west-2.amazonaws.com\n192.0.2.62 sts.amazonaws.com\n');
    expect([changes['AWS_CA_BUNDLE'], changes['SSL_CERT_FILE']]).to.deep.equal([plan.authorities, plan.authorities]);
    const ask = (ca?: Buffer): Promise<string> =>
      new Promise((resolve) => {
        const servername = 'sts.us-west-2.amazonaws.com';
        const options = { host: '127.0.0.1', port: ports['192.0.2.61 443'], path: '/?Action=x', servername, ca };
        const sent = get({ ...options, headers: { host: servername } }, (answer) =>
          answer.on('data', (data: Buffer) => resolve(data.toString())),
        );
        sent.on('error', ({ message }) => resolve(message));
      });
    expect(await ask(readFileSync(plan.authorities ?? ''))).to.equal('a session');
    expect(received).to.deep.equal([`127.0.0.1:${port} /?Action=x`]);
    expect(await ask()).to.contain('certificate');
    sts.close();
  });

  it('has no instance metadata if it is disabled for the pod', async () => {
    const plan = await planOf({ ...POD, AWS_EC2_METADATA_DISABLED: 'true' });
    expect(portsOf(plan)).to.include({ '169.254.170.23 80': 2001 }).and.not.to.have.property('169.254.169.254 80');
  });

  it('is not created without the rights, or if AWS is remote', async () => {
    const { [NETWORK_RIGHTS]: _, ...withoutRights } = POD;
    for (const pod of [withoutRights, { ...POD, AWS_ENDPOINT_URL_S3: 'https://s3.example.com' }]) {
      setEnvironment({ PATH: environment['PATH'], ...pod });
      expect(await inPodNetwork(PLANNED)).to.equal(PLANNED);
    }
  });
});
