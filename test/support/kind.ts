import type { Finished, Runner, RunOptions } from '../../clusters/kind/runner.ts';

export interface Call {
  /** Program and arguments in one line. */
  readonly line: string;
  readonly options: RunOptions;
}

type Answer = string | Partial<Finished> | Error | ((call: Call) => string | Partial<Finished> | Promise<string>);

/** A runner that starts nothing: the first pattern that a command line matches says how it ends. */
export function fakeRunner(answers: readonly (readonly [pattern: RegExp, answer: Answer])[]): {
  readonly run: Runner;
  readonly lines: string[];
} {
  const lines: string[] = [];
  const run: Runner = async (program, args, options = {}) => {
    const call = { line: [program, ...args].join(' '), options };
    lines.push(call.line);
    const found = answers.find(([pattern]) => pattern.test(call.line))?.[1];
    if (found === undefined) throw new Error(`nobody expects ${call.line}`);
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

/** What `docker image inspect` says of an image for the engine's machine. */
export const imageOf = (reference: string, architecture = 'amd64'): string =>
  JSON.stringify([{ Id: `sha256:${reference}`, Architecture: architecture, Os: 'linux' }]);

/** The error that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string; blame?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not rejected');
}
