import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { nodeImage } from '../support/node-image.ts';
import { runConformance } from '../support/run-cli.ts';

describe('faults on kind', () => {
  it('in the agent and the webhook are in their image, and are noticed', async () => {
    const image = nodeImage();
    const { exitCode, stderr, results } = await runConformance({
      args: [
        ...['--cluster', 'kind', '--kind-image', image, '--image-base', image],
        ...['--fault', 'agent-skips-host-check,webhook-forgets-init-containers', '--scenario', 'AP-07,AP-08,WH-08'],
      ],
      // `npm run kind:node-image` installs kind there.
      env: { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache') },
    });
    expect(exitCode, stderr).to.equal(1);
    const verdicts = Object.fromEntries((results?.scenarios ?? []).map(({ id, verdict }) => [id, verdict]));
    expect(verdicts, stderr).to.deep.equal({ 'AP-07': 'passed', 'AP-08': 'failed', 'WH-08': 'failed' });
    // The webhook answers, and only skips init containers.
    expect(results?.scenarios.find(({ id }) => id === 'WH-08')?.reason).to.contain('prepare.envNames is ""');
  });
});
