import type { Finished, Runner, RunOptions } from './runner.ts';

/** A `docker` command that failed, with what it said last. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
}

/** What `docker info` tells, as far as it is used. */
export interface EngineInfo {
  readonly ServerVersion?: string;
  /** Folder of the engine, which need not be on this machine. */
  readonly DockerRootDir?: string;
  readonly OperatingSystem?: string;
  /** As `uname -m` says it. */
  readonly Architecture?: string;
  /** `1` or `2`. */
  readonly CgroupVersion?: string;
}

export interface ImageInfo {
  /** `sha256:…` */
  readonly Id: string;
  /** As Go says it: `amd64`. */
  readonly Architecture: string;
  readonly Os: string;
  /** Its names with tags; null or none for an image that has none. */
  readonly RepoTags?: readonly string[] | null;
}

/** The Docker engine, by its command line. */
export class Docker {
  readonly #run: Runner;

  constructor(run: Runner) {
    this.#run = run;
  }

  /** Runs `docker <args>`, however it ends. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished> {
    return this.#run('docker', args, options);
  }

  /** Runs `docker <args>` and gives its output. Throws `DockerError`, or node's error when there is no `docker`. */
  async call(args: readonly string[], options?: RunOptions): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(args, options);
    if (exitCode !== 0) throw new DockerError(lastLine(stderr) ?? `docker ${args[0]} ended with exit code ${exitCode}`);
    return stdout;
  }

  /** Runs a shell script in a container, with arguments `$1`, `$2`, …, and gives its output. */
  script(container: string, script: string, args: readonly string[] = [], options?: RunOptions): Promise<string> {
    const input = options?.inputFile === undefined ? [] : ['--interactive'];
    return this.call(['exec', ...input, container, 'sh', '-euc', script, 'sh', ...args], options);
  }

  async info(): Promise<EngineInfo> {
    return JSON.parse(await this.call(['info', '--format', '{{json .}}'])) as EngineInfo;
  }

  /** The local image of this reference; undefined when there is none. */
  async image(reference: string): Promise<ImageInfo | undefined> {
    try {
      const [image] = JSON.parse(await this.call(['image', 'inspect', reference])) as ImageInfo[];
      return image;
    } catch (error) {
      if (error instanceof DockerError && /no such image/i.test(error.message)) return undefined;
      throw error;
    }
  }

  /** Names of containers, also of those that do not run, that a filter of `docker ps` finds. */
  async containers(filter: string): Promise<readonly string[]> {
    const names = await this.call(['ps', '--all', '--filter', filter, '--format', '{{.Names}}']);
    return names.split('\n').filter((name) => name !== '');
  }

  /** Removes containers with their anonymous volumes; those that are gone already are none to it. */
  async removeContainers(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.call(['rm', '--force', '--volumes', ...names]).catch((error: Error) => {
      if (!/no such container|removal .* already in progress/i.test(error.message)) throw error;
    });
  }
}

/** The last line that says something: where commands tell what went wrong. */
export const lastLine = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '' && !/^(Run|See) 'docker /.test(line));
