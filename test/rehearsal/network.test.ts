import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenOnReservedPort } from '../../foundation/node/reserved-port.ts';
import { withClusters } from '../support/eks-cluster.ts';
import type { ClusterProvider } from '../../emulator/index.ts';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { expectNoSecrets } from '../support/secrets.ts';
import { PASSES, scenario, suiteFile } from '../support/suites.ts';
import { rehearse, secretsOf } from './support.ts';
import { until } from '../support/until.ts';

/** A proxy to a local server whose connection can be cut. */
class Cable {
  readonly #protocol: string;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #own = 0;
  #release: (() => void) | undefined;
  #server: Server | undefined;

  constructor(url: string) {
    const { protocol, port } = new URL(url);
    this.#protocol = protocol;
    this.#port = Number(port);
  }

  get url(): string {
    return `${this.#protocol}//127.0.0.1:${this.#own}`;
  }

  /** Accepts connections, at the port of the first time. */
  async plug(): Promise<void> {
    if (this.#release) await this.#listen(this.#own);
    else this.#release = await listenOnReservedPort((port) => this.#listen(port));
  }

  async #listen(port: number): Promise<void> {
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
    await once(server.listen(port, '127.0.0.1'), 'listening');
    this.#own = port;
    this.#server = server;
  }

  /** Resets open connections and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    const closed = new Promise((resolve) => server?.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  async unplug(): Promise<void> {
    await this.cut();
    this.#release?.();
  }
}

const SIX = { 'mine.ts': suiteFile(...[1, 2, 3, 4, 5, 6].map((number) => scenario(`MY-0${number}`, PASSES))) };

/** Returns clusters whose API servers are reached through cables. */
const behind =
  (cables: Cable[]) =>
  (provider: ClusterProvider): ClusterProvider => ({
    createCluster: async (spec) => {
      const cluster = await provider.createCluster(spec);
      const cable = new Cable(cluster.endpoint);
      await cable.plug();
      cables.push(cable);
      return withClusters(() => ({ endpoint: cable.url }))({ createCluster: async () => cluster }).createCluster(spec);
    },
  });

describe('run on EKS whose network is cut for ten seconds', function () {
  let cloud: RehearsalCloud;
  let aws: Cable;
  let cables: Cable[];
  const all = (change: (cable: Cable) => Promise<void>): Promise<unknown> => Promise.all(cables.map(change));
  beforeEach(async () => {
    cables = [];
    cloud = await rehearsalCloud({ wrap: behind(cables) });
    aws = new Cable(cloud.emulator.endpoint);
    cables.push(aws);
    await aws.plug();
    cloud.aws.controls?.addDisturbance({ service: 's3', operation: 'GetObject', delayMilliseconds: 1000 });
  });
  afterEach(async () => {
    await all((cable) => cable.unplug());
    await cloud.close();
  });

  for (const [when, operation, count, args] of [
    ['while its cluster is created', 'CreateCluster', 1, []],
    ['while scenarios are arranged', 'CreatePodIdentityAssociation', 1, []],
    // All six scenarios have reached their second probe. None is retried.
    ['while its pods probe', 'GetObject', 6, ['--retries', '0']],
  ] as const)
    it(`${when}: passes`, async () => {
      const running = rehearse(cloud, { endpoint: aws.url, files: SIX, args });
      await until(() => cloud.calls().filter((call) => call.operation === operation).length >= count);
      const away = [...cables];
      await Promise.all(away.map((cable) => cable.cut()));
      await sleep(10_000);
      await Promise.all(away.map((cable) => cable.plug()));
      const run = await running;
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(run.results?.summary).to.include({ passed: 6, failed: 0, error: 0 });
      if (operation === 'CreateCluster') expect(run.results?.aws?.calls.retries).to.be.greaterThan(0);
      expect(await cloud.inventory()).to.deep.equal([]);
      expectNoSecrets(run, secretsOf(cloud));
    });
});
