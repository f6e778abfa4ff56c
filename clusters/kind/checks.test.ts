import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { checkDiskSpace, checkEngine, checkImage } from './checks.ts';
import { Docker } from './docker/docker.ts';
import { ENGINE, fakeRunner, imageOf, rejection } from '../../test/support/kind.ts';

const { signal } = new AbortController();
const dockerThat = (...answers: Parameters<typeof fakeRunner>[0]): Docker => new Docker(fakeRunner(answers).run);

describe('the checks of Docker', () => {
  it("return the engine's facts", async () => {
    expect(await checkEngine(dockerThat([/^docker info/, JSON.stringify(ENGINE)]))).to.deep.equal(ENGINE);
  });

  it('report that Docker is not installed', async () => {
    const missing = Object.assign(new Error('spawn docker ENOENT'), { code: 'ENOENT' });
    const error = await rejection(checkEngine(dockerThat([/./, missing])));
    expect(error).to.include({ code: 'DOCKER_MISSING', blame: 'environment' });
    expect(error.message).to.match(/Docker is not installed\. Install it/);
  });

  for (const [title, answer] of [
    [
      'does not run',
      { exitCode: 1, stderr: 'ERROR: Cannot connect to the Docker daemon.\nerrors pretty printing info\n' },
    ],
    ['reports nothing about its server', { stdout: '{"ServerErrors":["no"]}' }],
  ] as const) {
    it(`report that Docker is unreachable if it ${title}`, async () => {
      const error = await rejection(checkEngine(dockerThat([/./, answer])));
      expect(error).to.include({ code: 'DOCKER_NOT_RUNNING', blame: 'environment' });
    });
  }

  it("report too little free space in Docker's folder", async () => {
    const info = { DockerRootDir: tmpdir() };
    const disk = (free: number) => async () => ({ bavail: free / 4096, bsize: 4096 });
    await checkDiskSpace(info, disk(3e9 + 4096));
    const error = await rejection(checkDiskSpace(info, disk(1.26e9)));
    expect(error).to.include({ code: 'NO_DISK_SPACE', blame: 'environment' });
    expect(error.message).to.contain('1.3 GB free').and.contain('3.0 GB').and.contain(tmpdir());
  });

  it('skip a folder on another machine', async () => {
    await checkDiskSpace({ DockerRootDir: '/nonexistent/docker' });
    const full = async () => ({ bavail: 0, bsize: 1 });
    await checkDiskSpace({ DockerRootDir: tmpdir(), OperatingSystem: 'Docker Desktop' }, full);
  });

  it('find a local image without pulling it', async () => {
    const { run, lines } = fakeRunner([[/^docker image inspect mine$/, imageOf('mine')]]);
    expect(await checkImage(new Docker(run), ENGINE, 'agent-image', 'mine', signal)).to.include({ Id: 'sha256:mine' });
    expect(lines).to.have.length(1);
  });

  it('pull a missing image', async () => {
    let pulled = false;
    const docker = dockerThat(
      [
        /^docker image inspect/,
        () => (pulled ? imageOf('mine') : { exitCode: 1, stderr: 'Error: No such image: mine' }),
      ],
      [/^docker pull --quiet mine$/, () => ((pulled = true), 'mine')],
    );
    expect(await checkImage(docker, ENGINE, 'agent-image', 'mine', signal)).to.include({ Id: 'sha256:mine' });
  });

  it('name the flag of an image that cannot be pulled', async () => {
    const docker = dockerThat(
      [/^docker image inspect/, { exitCode: 1, stderr: 'Error response from daemon: no such image: mine' }],
      [/^docker pull/, { exitCode: 1, stderr: 'Error response from daemon: pull access denied' }],
    );
    const error = await rejection(checkImage(docker, ENGINE, 'agent-image', 'mine', signal));
    expect(error).to.include({ code: 'IMAGE_MISSING', blame: 'usage' });
    expect(error.message).to.contain('mine (--agent-image)').and.contain('pull access denied');
  });

  it('reject an image for another architecture', async () => {
    const docker = dockerThat([/./, imageOf('mine', 'arm64')]);
    const error = await rejection(checkImage(docker, ENGINE, 'webhook-image', 'mine', signal));
    expect(error).to.include({ code: 'IMAGE_BROKEN', blame: 'usage' });
    expect(error.message).to.contain('--webhook-image').and.contain('linux/arm64').and.contain('linux/amd64');
  });
});
