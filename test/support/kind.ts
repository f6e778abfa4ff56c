import type { Finished, Runner, RunOptions } from '../../clusters/kind/docker/runner.ts';

interface Call {
  /** Program and arguments as one line. */
  readonly line: string;
  readonly options: RunOptions;
}

type FakeOutput = string | Partial<Finished> | Error | ((call: Call) => string | Partial<Finished> | Promise<string>);

/** Returns a runner that starts no processes. The first pattern that matches a command line determines its result. */
export function fakeRunner(answers: readonly (readonly [pattern: RegExp, answer: FakeOutput])[]): {
  readonly run: Runner;
  readonly lines: string[];
} {
  const lines: string[] = [];
  const run: Runner = async (program, args, options = {}) => {
    const call = { line: [program, ...args].join(' '), options };
    lines.push(call.line);
    const found = answers.find(([pattern]) => pattern.test(call.line))?.[1];
    if (found === undefined) throw new Error(`Unexpected command: ${call.line}`);
    if (found instanceof Error) throw found;
    const answer = typeof found === 'function' ? await found(call) : found;
    const finished = typeof answer === 'string' ? { stdout: answer } : answer;
    return { exitCode: 0, stdout: '', stderr: '', ...finished };
  };
  return { run, lines };
}

export const ENGINE = {
  ServerVersion: '28.0.0',
  DockerRootDir: '/nonexistent/docker',
  OperatingSystem: 'Linux',
  Architecture: 'x86_64',
  CgroupVersion: '2',
};

/** Returns the output of `docker image inspect`. */
export const imageOf = (reference: string, architecture = 'amd64'): string =>
  JSON.stringify([{ Id: `sha256:${reference}`, Architecture: architecture, Os: 'linux' }]);

/** Returns the error with which a promise is rejected. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string; blame?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('The promise was not rejected.');
}
