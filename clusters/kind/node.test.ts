import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Docker } from './docker/docker.ts';
import { prepareLinkLocal, redirectMetadata, rememberImages, undoChanges, wholeName } from './node.ts';
import { runProgram, type Runner } from './docker/runner.ts';

const RUN = 'c1a2b3d';

/** Runs the nodes' scripts locally, with programs that log their arguments. */
describe('a kind node', () => {
  let folder: string;
  let docker: Docker;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'node-test-'));
    docker = new Docker(inFolder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs `docker exec NODE …` locally, with the folder as the node's file system. */
  const inFolder: Runner = (_program, [, , ...args], options) =>
    runProgram('env', [`PATH=${folder}:${process.env['PATH']}`, ...args.map(here)], options);
  const here = (text: string): string =>
    text.replaceAll('/proc/sys/net/ipv6/conf', join(folder, 'conf')).replaceAll('/run/eks', join(folder, 'eks'));
  const undoFile = (): string => join(folder, 'eks-pod-identity-conformance-undo-c1a2b3d');
  const program = (name: string, script: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >>${folder}/log\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  const log = (): string[] => {
    const file = join(folder, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  };
  const ipv6 = async (values: Readonly<Record<string, string>>): Promise<void> => {
    for (const [link, value] of Object.entries(values)) {
      await runProgram('mkdir', ['-p', join(folder, 'conf', link)]);
      writeFileSync(join(folder, 'conf', link, 'disable_ipv6'), `${value}\n`);
    }
  };
  const ipv6Of = (link: string): string => readFileSync(join(folder, 'conf', link, 'disable_ipv6'), 'utf8').trim();
  const ip = (script: string): void => program('ip', `case "$*" in ${script} *) exit 0 ;; esac`);
  const NO_LINK = '"link show pod-id-link0") exit 1 ;;';
  const NO_DUMMY = '"link add pod-id-link0 type dummy") exit 2 ;;';

  it('is not changed if the agent can create its own link', async () => {
    ip(NO_LINK);
    await ipv6({ 'pod-id-link0': '0', lo: '0' });
    expect(await prepareLinkLocal(docker, 'node', RUN)).to.deep.equal({ link: undefined, ipv6: true });
    expect(log().at(-1)).to.equal('ip link delete pod-id-link0');
  });

  it('gets a bridge if the kernel has no dummy links, with IPv6 enabled on it and on loopback', async () => {
    ip(`${NO_LINK} ${NO_DUMMY}`);
    await ipv6({ 'pod-id-link0': '1', lo: '1' });
    expect(await prepareLinkLocal(docker, 'node', RUN)).to.deep.equal({ link: 'bridge', ipv6: true });
    expect(log()).to.include('ip link add pod-id-link0 type bridge').and.not.include('ip link delete pod-id-link0');
    expect([ipv6Of('pod-id-link0'), ipv6Of('lo')]).to.deep.equal(['0', '0']);
    expect(readFileSync(join(folder, 'conf', 'pod-id-link0', 'accept_dad'), 'utf8')).to.equal('0\n');
    await undoChanges(docker, 'node', RUN);
    expect(log().at(-1)).to.equal('ip link delete pod-id-link0');
    expect(ipv6Of('lo')).to.equal('1');
    expect(existsSync(undoFile())).to.equal(false);
  });

  it('keeps a dummy link on which IPv6 had to be enabled', async () => {
    ip(NO_LINK);
    await ipv6({ 'pod-id-link0': '1', lo: '0' });
    expect(await prepareLinkLocal(docker, 'node', RUN)).to.deep.equal({ link: 'dummy', ipv6: true });
    expect(log()).to.not.include('ip link delete pod-id-link0');
  });

  it('without IPv6 runs the agent only on IPv4', async () => {
    ip(NO_LINK);
    expect(await prepareLinkLocal(docker, 'node', RUN)).to.deep.equal({
      link: undefined,
      ipv6: false,
      bindHosts: ['169.254.170.23'],
    });
  });

  it('is neither changed nor restored if the link already exists', async () => {
    ip('');
    expect(await prepareLinkLocal(docker, 'node', RUN)).to.deep.equal({ link: undefined, ipv6: true });
    expect(existsSync(undoFile())).to.equal(false);
  });

  it('redirects instance metadata requests to this machine until it is restored', async () => {
    program('iptables', '');
    const reach = { bindAddress: '127.0.0.1', host: '127.0.0.1', seesCallers: true };
    const restore = await redirectMetadata(docker, 'node', RUN, reach, 8080);
    const rule = (chain: string): string =>
      `${chain} -d 169.254.169.254/32 -p tcp --dport 80 -m comment --comment eks-pod-identity-conformance -j DNAT --to-destination 127.0.0.1:8080`;
    const lines = (action: string): string[] =>
      ['OUTPUT', 'PREROUTING'].map((chain) => `iptables -w 5 -t nat ${action} ${rule(chain)}`);
    expect(log()).to.deep.equal(lines('-I'));
    await restore();
    expect(log().slice(2)).to.deep.equal(lines('-D'));
    // Also for a killed run.
    await undoChanges(docker, 'node', RUN);
    expect(log().slice(4)).to.deep.equal(lines('-D'));
  });

  it('loses the images that the run added', async () => {
    program('ctr', 'case "$*" in *list*) echo docker.io/library/agent:latest; echo sha256:1 ;; esac');
    const known = new Map([
      ['agent', { Id: 'sha256:1', Os: 'linux', Architecture: 'amd64' }],
      ['me/probe:2', { Id: 'sha256:2', Os: 'linux', Architecture: 'amd64' }],
    ]);
    await rememberImages(docker, 'node', RUN, known, ['agent', 'me/probe:2', 'agent']);
    await undoChanges(docker, 'node', RUN);
    expect(log().slice(1)).to.deep.equal([
      'ctr --namespace k8s.io images remove docker.io/me/probe:2',
      'ctr --namespace k8s.io images remove sha256:2',
    ]);
  });

  it('keeps the changes of another run', async () => {
    ip(`${NO_LINK} ${NO_DUMMY}`);
    await prepareLinkLocal(docker, 'node', RUN);
    await undoChanges(docker, 'node', 'c4e5f6a');
    expect(existsSync(undoFile())).to.equal(true);
    expect(log()).to.not.include('ip link delete pod-id-link0');
  });

  it('is restored only once, even if a command fails', async () => {
    await undoChanges(docker, 'node', RUN);
    writeFileSync(undoFile(), `false\necho done >>${folder}/log\n`);
    await undoChanges(docker, 'node', RUN);
    await undoChanges(docker, 'node', RUN);
    expect(log()).to.deep.equal(['done']);
  });

  for (const [reference, name] of [
    ['agent', 'docker.io/library/agent:latest'],
    ['agent:1', 'docker.io/library/agent:1'],
    ['me/agent', 'docker.io/me/agent:latest'],
    ['me/agent@sha256:1', 'docker.io/me/agent@sha256:1'],
    ['registry.example/me/agent:1', 'registry.example/me/agent:1'],
    ['localhost/agent', 'localhost/agent:latest'],
    ['localhost:5000/agent', 'localhost:5000/agent:latest'],
  ] as const) {
    it(`names image ${reference} ${name}`, () => {
      expect(wholeName(reference)).to.equal(name);
    });
  }
});
