import { expect } from 'chai';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/rehearsal/cloud.ts';
import { expectNoSecrets } from '../secrets.ts';
import { PASSES, scenario, suiteFile } from '../suites.ts';
import { rehearse, secretsOf, TIMEOUT } from './support.ts';
import { until } from './until.ts';

/** A way to a server on this machine that can be cut. */
class Cable {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #own = 0;

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#own}`;
  }

  async plug(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.#port, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => this.#sockets.delete(one));
      }
    });
    await new Promise<void>((resolve) => server.listen(this.#own, '127.0.0.1', resolve));
    const address = server.address();
    this.#own = typeof address === 'object' && address !== null ? address.port : 0;
    this.#server = server;
  }

  /** Resets what is connected and refuses what wants to. */
  async cut(): Promise<void> {
    const server = this.#server;
    const closed = new Promise((resolve) => server?.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }
}

const SIX = { 'mine.ts': suiteFile(...[1, 2, 3, 4, 5, 6].map((number) => scenario(`MY-0${number}`, PASSES))) };

describe('a run on EKS whose network is cut for ten seconds', function () {
  this.timeout(TIMEOUT);
  let cloud: RehearsalCloud;
  let cable: Cable;
  beforeEach(async () => {
    cloud = await rehearsalCloud();
    cable = new Cable(cloud.emulator.endpoint);
    await cable.plug();
  });
  afterEach(async () => {
    await cable.cut();
    await cloud.close();
  });

  for (const [when, operation] of [
    ['while its cluster is made', 'CreateCluster'],
    ['while scenarios are arranged', 'CreatePodIdentityAssociation'],
  ] as const)
    it(`${when}: passes`, async () => {
      const running = rehearse(cloud, { endpoint: cable.url, files: SIX });
      await until(() => cloud.calls().some((call) => call.operation === operation));
      await cable.cut();
      await sleep(10_000);
      await cable.plug();
      const run = await running;
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(run.results?.summary).to.include({ passed: 6, failed: 0, error: 0 });
      expect(run.results?.aws?.calls.retries).to.be.greaterThan(0);
      expect(await cloud.inventory()).to.deep.equal([]);
      expectNoSecrets(run, secretsOf(cloud));
    });
});
