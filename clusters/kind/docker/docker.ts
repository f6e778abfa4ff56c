import type { Finished, Runner, RunOptions } from './runner.ts';

export class DockerError extends Error {
  override readonly name = 'DockerError';
}

/** Fields of `docker info`. */
export interface EngineInfo {
  readonly ServerVersion?: string;
  /** The engine's folder, which may be on another machine. */
  readonly DockerRootDir?: string;
  readonly OperatingSystem?: string;
  /** In the format of `uname -m`. */
  readonly Architecture?: string;
  /** `1` or `2`. */
  readonly CgroupVersion?: string;
}

export interface ImageInfo {
  /** `sha256:…` */
  readonly Id: string;
  /** Go's name, such as `amd64`. */
  readonly Architecture: string;
  readonly Os: string;
  /** Null or empty for an image without a name. */
  readonly RepoTags?: readonly string[] | null;
}

export class Docker {
  readonly #run: Runner;

  constructor(run: Runner) {
    this.#run = run;
  }

  /** Runs a docker command. Does not throw if the command fails. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished> {
    return this.#run('docker', args, options);
  }

  /** Returns the output of a docker command. Throws `DockerError`, or Node's error if `docker` is missing. */
  async call(args: readonly string[], options?: RunOptions): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(args, options);
    if (exitCode !== 0) throw new DockerError(lastLine(stderr) ?? `docker ${args[0]} exited with code ${exitCode}`);
    return stdout;
  }

  /** Runs a shell script in a container with arguments `$1`, `$2`, …. Returns its output. */
  script(container: string, script: string, args: readonly string[] = [], options?: RunOptions): Promise<string> {
    const input = options?.inputFile === undefined ? [] : ['--interactive'];
    return this.call(['exec', ...input, container, 'sh', '-euc', script, 'sh', ...args], options);
  }

  async info(): Promise<EngineInfo> {
    return JSON.parse(await this.call(['info', '--format', '{{json .}}'])) as EngineInfo;
  }

  async image(reference: string): Promise<ImageInfo | undefined> {
    try {
      const [image] = JSON.parse(await this.call(['image', 'inspect', reference])) as ImageInfo[];
      return image;
    } catch (error) {
      if (error instanceof DockerError && /no such image/i.test(error.message)) return undefined;
      throw error;
    }
  }

  /** Returns the names of matching containers, including stopped ones. */
  async containers(filter: string): Promise<readonly string[]> {
    const names = await this.call(['ps', '--all', '--filter', filter, '--format', '{{.Names}}']);
    return names.split('\n').filter((name) => name !== '');
  }

  /** Removes existing containers and their anonymous volumes. */
  async removeContainers(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.call(['rm', '--force', '--volumes', ...names]).catch((error: Error) => {
      if (!/no such container|removal .* already in progress/i.test(error.message)) throw error;
    });
  }
}

/** Returns the last non-empty line, where commands report errors. */
export const lastLine = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '' && !/^(Run|See) 'docker /.test(line));
